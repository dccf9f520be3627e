using System.Globalization;
using IotProperty.Transports;

namespace IotProperty.Protocols.Tests.Transports;

/// <summary>Skipped with a reason where the kernel has no simulated GPIO chips or this user may not make one.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GpioSimFactAttribute : FactAttribute
{
    public const string Folder = "/sys/kernel/config/gpio-sim";

    public GpioSimFactAttribute()
    {
        if (!Directory.Exists(Folder))
        {
            Skip = $"no {Folder}: the kernel lacks gpio-sim, or configfs is not mounted";
        }
        else if (Environment.UserName != "root")
        {
            Skip = "only root may make simulated GPIO chips";
        }
    }
}

public sealed class GpioSimTests
{
    private const int Line = 3;

    [GpioSimFact]
    public async Task A_simulated_chip_s_input_is_read_counted_and_kept_to_ourselves()
    {
        string device = Path.Combine(GpioSimFactAttribute.Folder, $"iotp-{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}");
        string bank = Path.Combine(device, "bank0");
        Directory.CreateDirectory(device);
        Directory.CreateDirectory(bank);
        try
        {
            await File.WriteAllTextAsync(Path.Combine(bank, "num_lines"), "8");
            await File.WriteAllTextAsync(Path.Combine(bank, "label"), "iotp-sim-chip");
            await File.WriteAllTextAsync(Path.Combine(device, "live"), "1");
            string chipName = (await File.ReadAllTextAsync(Path.Combine(bank, "chip_name"))).Trim();
            string deviceName = (await File.ReadAllTextAsync(Path.Combine(device, "dev_name"))).Trim();
            string pull = $"/sys/devices/platform/{deviceName}/{chipName}/sim_gpio{Line}/pull";

            using GpioChip chip = GpioChip.Open("iotp-sim-chip");
            Assert.Equal((chipName, 8), (chip.Name, chip.Lines));
            using GpioLineRequest line = chip.Request(Line, new GpioLineSettings { Edges = GpioEdges.Rising });
            Assert.False(line.IsActive());
            for (int i = 1; i <= 5; i++)
            {
                await File.WriteAllTextAsync(pull, "pull-up");
                await GpioLineRequestTests.UntilAsync(() => line.Edges == i);
                Assert.True(line.IsActive());
                await File.WriteAllTextAsync(pull, "pull-down");
            }

            ChannelBrokenException taken = Assert.Throws<ChannelBrokenException>(() => chip.Request(Line, new GpioLineSettings()));
            Assert.Equal($"{chipName}/{Line}: the line is taken by 'iotp'", taken.Message);
            Assert.Throws<ChannelBrokenException>(() => chip.Request(8, new GpioLineSettings()));
        }
        finally
        {
            await File.WriteAllTextAsync(Path.Combine(device, "live"), "0");
            Directory.Delete(bank);
            Directory.Delete(device);
        }
    }
}
