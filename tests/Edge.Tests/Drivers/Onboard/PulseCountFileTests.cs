using FsCheck;
using FsCheck.Fluent;
using IotProperty.Edge.Drivers.Onboard;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Drivers.Onboard;

public sealed class PulseCountFileTests : IDisposable
{
    private const int SlotBytes = 16 * 1024;
    private readonly string _folder = Directory.CreateTempSubdirectory("pulses").FullName;

    private string FilePath => Path.Combine(_folder, "pulses.dat");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_was_written_last_is_read()
    {
        using (PulseCountFile file = PulseCountFile.Open(FilePath))
        {
            Assert.Empty(file.Counts);
            for (int i = 1; i <= 5; i++)
            {
                file.Write(new Dictionary<string, long> { ["gpiochip0/18"] = i, ["b/2"] = long.MaxValue });
            }
        }

        Assert.Equal([KeyValuePair.Create("b/2", long.MaxValue), KeyValuePair.Create("gpiochip0/18", 5L)], Read().OrderBy(c => c.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void A_write_that_was_cut_off_leaves_the_counts_before_it()
    {
        Write(1, 2, 3);
        byte[] whole = File.ReadAllBytes(FilePath);
        int length = whole.AsSpan(SlotBytes).IndexOf((byte)0);
        for (int cut = 0; cut <= length; cut++)
        {
            // The third write went to the second slot; a power cut left a part of it. Only the closing line feed may be missing.
            byte[] bytes = [.. whole];
            bytes.AsSpan(SlotBytes + cut).Clear();
            string torn = Path.Combine(_folder, "torn.dat");
            File.WriteAllBytes(torn, bytes);
            using PulseCountFile file = PulseCountFile.Open(torn);
            Assert.Equal(cut >= length - 1 ? 3 : 2, file.Counts["a/1"]);
        }
    }

    [Fact]
    public void After_a_cut_the_next_write_takes_the_spoilt_slot_and_never_the_good_one()
    {
        Write(1, 2, 3);
        byte[] bytes = File.ReadAllBytes(FilePath);
        bytes[SlotBytes + 20] ^= 1;
        File.WriteAllBytes(FilePath, bytes);
        Write(4);
        Assert.Equal(4, Read()["a/1"]);
        Assert.Equal(bytes[..SlotBytes], File.ReadAllBytes(FilePath)[..SlotBytes]);
    }

    [Fact]
    public void Counts_that_are_damaged_altogether_are_no_silent_zero()
    {
        File.WriteAllText(FilePath, "what is this");
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => PulseCountFile.Open(FilePath));
        Assert.StartsWith($"{FilePath}: the counts of the pulse meters are damaged; move the file away", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_single_changed_byte_of_the_newest_counts_brings_back_the_ones_before()
    {
        Write(1_111, 2_222);
        byte[] whole = File.ReadAllBytes(FilePath);
        int length = Array.IndexOf(whole, (byte)0);
        Prop.ForAll((from at in Gen.Choose(0, length - 2) from bit in Gen.Choose(0, 7) select (at, bit)).ToArbitrary(), change =>
        {
            byte[] bytes = [.. whole];
            bytes[change.at] ^= (byte)(1 << change.bit);
            string changed = Path.Combine(_folder, "changed.dat");
            File.WriteAllBytes(changed, bytes);
            using PulseCountFile file = PulseCountFile.Open(changed);

            // A digit of the checksum in lower case is the same digit.
            return file.Counts["a/1"] == 1_111 || (file.Counts["a/1"] == 2_222 && change.bit == 5);
        }).Check(PropertyRun.Config);
    }

    private void Write(params long[] counts)
    {
        using PulseCountFile file = PulseCountFile.Open(FilePath);
        foreach (long count in counts)
        {
            file.Write(new Dictionary<string, long> { ["a/1"] = count });
        }
    }

    private IReadOnlyDictionary<string, long> Read()
    {
        using PulseCountFile file = PulseCountFile.Open(FilePath);
        return file.Counts;
    }
}
