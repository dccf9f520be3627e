using IotProperty.Edge.Access;

namespace IotProperty.Edge.Tests.Access;

public sealed class FingerprintKeyFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-key-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_key_is_made_once_for_its_owner_alone_and_kept()
    {
        string first = FingerprintKeyFile.ReadOrCreate(_folder).Of(1);
        Assert.Equal(first, FingerprintKeyFile.ReadOrCreate(_folder).Of(1));
        string path = Path.Combine(_folder, FingerprintKeyFile.Name);
        Assert.Equal(32, new FileInfo(path).Length);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }

        Assert.Equal([path], Directory.GetFiles(_folder));
    }

    [Fact]
    public void Two_edges_have_two_keys()
    {
        string other = Directory.CreateDirectory(Path.Combine(_folder, "other")).FullName;
        Assert.NotEqual(FingerprintKeyFile.ReadOrCreate(_folder).Of(1), FingerprintKeyFile.ReadOrCreate(other).Of(1));
    }

    [Fact]
    public void A_file_that_is_no_key_is_refused_with_the_mend()
    {
        string path = Path.Combine(_folder, FingerprintKeyFile.Name);
        File.WriteAllBytes(path, new byte[31]);
        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => FingerprintKeyFile.ReadOrCreate(_folder));
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        Assert.Contains("remove it", refused.Message, StringComparison.Ordinal);
    }
}
