using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace IotProperty.Transports;

/// <summary>
/// One analogue input behind the kernel's industrial I/O (sysfs): <c>in_voltage0</c>, <c>in_current1</c>, <c>in_temp</c> … Value = (raw + offset) × scale, or the
/// processed value where the driver gives one; in the units of the kernel's interface (Documentation/ABI/testing/sysfs-bus-iio). One read at a time.
/// </summary>
public sealed class IioChannel : IDisposable
{
    /// <summary>Where the kernel keeps them.</summary>
    public const string DevicesFolder = "/sys/bus/iio/devices";

    private const int LongestNumber = 64;

    /// <summary>The quantity behind in_, the unit of its values here, and what the kernel's number is of that unit.</summary>
    private static readonly (string Quantity, string Unit, decimal Factor)[] Quantities =
    [
        ("voltage", "mV", 1m),
        ("current", "mA", 1m),
        ("temp", "degC", 0.001m),
        ("pressure", "kPa", 1m),
        ("humidityrelative", "%", 0.001m),
        ("resistance", "Ohm", 1m),
        ("illuminance", "lx", 1m),
        ("concentration", "%", 1m),
    ];

    private readonly byte[] _text = new byte[LongestNumber];
    private readonly SafeFileHandle _file;
    private readonly decimal _scale;
    private readonly decimal _offset;

    private IioChannel(string endpoint, string unit, SafeFileHandle file, decimal scale, decimal offset) =>
        (Endpoint, Unit, _file, _scale, _offset) = (endpoint, unit, file, scale, offset);

    /// <summary>For people, such as <c>iio:device0/in_voltage0</c>.</summary>
    public string Endpoint { get; }

    /// <summary>See <see cref="UnitOf"/>.</summary>
    public string Unit { get; }

    /// <summary>The unit of a channel's values: mV, mA, degC, kPa, %, Ohm, lx. Null for a name that is no channel known here.</summary>
    /// <param name="channel">Such as <c>in_voltage0</c>.</param>
    public static string? UnitOf(string channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        return Find(channel)?.Unit;
    }

    /// <summary>Opens a channel and reads its scale.</summary>
    /// <param name="folder"><see cref="DevicesFolder"/>, or a folder that looks like it.</param>
    /// <param name="device">Its folder's name (<c>iio:device0</c>), or what its file <c>name</c> says (<c>ads1115</c>).</param>
    /// <exception cref="ChannelBrokenException">There is no such device or channel, or its files cannot be read; the message says which.</exception>
    public static IioChannel Open(string folder, string device, string channel)
    {
        string endpoint = $"{device}/{channel}";
        (string unit, decimal factor) = Find(channel) ?? throw new ChannelBrokenException($"{endpoint}: is no input of a known quantity");
        try
        {
            string path = FindDevice(folder, device) ?? throw new ChannelBrokenException($"{endpoint}: there is no device of this name in {folder}");
            string raw = Path.Combine(path, $"{channel}_raw");
            string processed = Path.Combine(path, $"{channel}_input");
            bool isRaw = File.Exists(raw);
            if (!isRaw && !File.Exists(processed))
            {
                throw new ChannelBrokenException($"{endpoint}: {path} has neither {channel}_raw nor {channel}_input");
            }

            decimal scale = factor * (isRaw ? Setting(path, channel, "scale", 1) : 1);
            decimal offset = isRaw ? Setting(path, channel, "offset", 0) : 0;
            return new IioChannel(endpoint, unit, File.OpenHandle(isRaw ? raw : processed, options: FileOptions.Asynchronous), scale, offset);
        }
        catch (Exception error) when (error is IOException and not ChannelBrokenException or UnauthorizedAccessException)
        {
            throw new ChannelBrokenException($"{endpoint}: {error.Message}", error);
        }
    }

    /// <summary>Measures. A converter may take a while for it.</summary>
    /// <exception cref="ChannelBrokenException">The device has gone, refuses, or says what is no number. Open it anew.</exception>
    public async ValueTask<decimal> ReadAsync(CancellationToken cancellationToken)
    {
        int count;
        try
        {
            // From the beginning, every time: that is what makes the kernel measure.
            count = await RandomAccess.ReadAsync(_file, _text, fileOffset: 0, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            throw new ChannelBrokenException($"{Endpoint}: {error.Message}", error);
        }

        if (Number(Encoding.ASCII.GetString(_text, 0, count)) is not { } number)
        {
            throw new ChannelBrokenException($"{Endpoint}: the kernel says '{Quote(_text.AsSpan(0, count))}', which is no number");
        }

        return (number + _offset) * _scale;
    }

    public void Dispose() => _file.Dispose();

    private static (string Unit, decimal Factor)? Find(string channel)
    {
        foreach ((string quantity, string unit, decimal factor) in Quantities)
        {
            string name = $"in_{quantity}";
            if (channel.StartsWith(name, StringComparison.Ordinal) && IsRestOfName(channel.AsSpan(name.Length)))
            {
                return (unit, factor);
            }
        }

        return null;
    }

    /// <summary>What may follow the quantity: an index, a second one behind a minus, a modifier behind an underscore.</summary>
    private static bool IsRestOfName(ReadOnlySpan<char> rest)
    {
        if (rest.Length > 0 && rest[0] != '_' && rest[0] != '-' && !char.IsAsciiDigit(rest[0]))
        {
            return false;
        }

        foreach (char c in rest)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '_' && c != '-')
            {
                return false;
            }
        }

        return true;
    }

    private static string? FindDevice(string folder, string device)
    {
        string path = Path.Combine(folder, device);
        if (Directory.Exists(path))
        {
            return path;
        }

        return Directory.Exists(folder)
            ? Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).FirstOrDefault(candidate => NameOf(candidate) == device)
            : null;
    }

    private static string? NameOf(string path)
    {
        string file = Path.Combine(path, "name");
        return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
    }

    /// <summary>A channel's own setting, or the one that all channels of its quantity share.</summary>
    private static decimal Setting(string path, string channel, string name, decimal usual)
    {
        string shared = $"{channel.TrimEnd([.. "0123456789-"])}_{name}";
        string? file = new[] { $"{channel}_{name}", shared }.Select(f => Path.Combine(path, f)).FirstOrDefault(File.Exists);
        if (file is null)
        {
            return usual;
        }

        string text = File.ReadAllText(file).Trim();
        return Number(text) ?? throw new ChannelBrokenException($"{file}: '{Quote(Encoding.UTF8.GetBytes(text))}' is no number");
    }

    /// <summary>Bounded far below what a decimal holds, so that nothing that is computed from it overflows.</summary>
    private static decimal? Number(string text) =>
        decimal.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number) && Math.Abs(number) < 1e12m ? number : null;

    private static string Quote(ReadOnlySpan<byte> text)
    {
        StringBuilder quoted = new();
        foreach (byte c in text[..Math.Min(text.Length, 24)])
        {
            quoted.Append(c is >= (byte)' ' and <= (byte)'~' ? (char)c : '?');
        }

        return quoted.ToString();
    }
}
