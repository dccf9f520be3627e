using System.Globalization;

namespace IotProperty.Protocols.Dlt645;

/// <summary>
/// Who orders something: the password with its level (PA, P0..P2) and the operator's code (C0..C3; DL/T 645-2007, §7.3). Never printed by
/// <see cref="ToString"/>, so that no log can show a password by mistake.
/// </summary>
public sealed class Dlt645Authority
{
    public const int PasswordBytes = 4;

    public const int OperatorBytes = 4;

    public const int PasswordDigits = 6;

    public const int OperatorDigits = 8;

    private Dlt645Authority(byte level, string password, string operatorCode)
    {
        Level = level;
        Password = password;
        OperatorCode = operatorCode;
    }

    /// <summary>0 is the highest of 0 to 9; 98 and 99 stand for an encrypted order, which is not supported.</summary>
    public byte Level { get; }

    /// <summary>Six digits.</summary>
    public string Password { get; }

    /// <summary>Eight digits; the meter keeps it in its event records.</summary>
    public string OperatorCode { get; }

    /// <summary>False where the level is over 9 or a text is not made of six or eight digits.</summary>
    public static bool TryCreate(int level, string password, string operatorCode, out Dlt645Authority? authority)
    {
        ArgumentNullException.ThrowIfNull(password);
        ArgumentNullException.ThrowIfNull(operatorCode);
        bool right = level is >= 0 and <= 9 && AreDigits(password, PasswordDigits) && AreDigits(operatorCode, OperatorDigits);
        authority = right ? new Dlt645Authority((byte)level, password, operatorCode) : null;
        return right;
    }

    /// <summary>What a frame says: level and password, and the operator's code where <paramref name="wire"/> has eight bytes.</summary>
    public static Dlt645Authority Read(ReadOnlySpan<byte> wire) => new(
        wire[0],
        Dlt645Text.TopFirst(wire.Slice(1, PasswordBytes - 1)),
        wire.Length >= PasswordBytes + OperatorBytes ? Dlt645Text.TopFirst(wire.Slice(PasswordBytes, OperatorBytes)) : "");

    /// <summary>Writes level and password, four bytes.</summary>
    public void WritePassword(Span<byte> wire)
    {
        wire[0] = Level;
        WriteLowFirst(Password, wire.Slice(1, PasswordBytes - 1));
    }

    public void WriteOperator(Span<byte> wire) => WriteLowFirst(OperatorCode, wire[..OperatorBytes]);

    public override string ToString() => $"level {Level}, operator {OperatorCode}";

    private static void WriteLowFirst(string digits, Span<byte> wire)
    {
        for (int i = 0; i < wire.Length; i++)
        {
            wire[wire.Length - 1 - i] = byte.Parse(digits.AsSpan(2 * i, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        }
    }

    private static bool AreDigits(string text, int count) => text.Length == count && text.All(char.IsAsciiDigit);
}
