namespace IotProperty.Protocols.MBus;

/// <summary>A maker's three letters in 16 bits: five bits a letter, counted from 64 (EN 13757-3, §5.8; the letters are registered with the FLAG Association).</summary>
public static class MBusManufacturer
{
    /// <summary>Stands for every maker in a selection.</summary>
    public const ushort Any = 0xFFFF;

    private const int LetterBits = 5;
    private const int LetterMask = 0x1F;
    private const int LetterBase = 64;
    private const int Letters = 3;

    /// <summary>The three characters; something else than letters where the code is none of a maker's.</summary>
    public static string Text(ushort code) => string.Create(Letters, code, static (text, value) =>
    {
        text[0] = Letter(value >> (2 * LetterBits));
        text[1] = Letter(value >> LetterBits);
        text[2] = Letter(value);
    });

    /// <summary>The code of three letters from A to Z, or null where the text is something else.</summary>
    public static ushort? Code(ReadOnlySpan<char> text)
    {
        if (text.Length != Letters)
        {
            return null;
        }

        int code = 0;
        foreach (char letter in text)
        {
            if (!char.IsAsciiLetterUpper(letter))
            {
                return null;
            }

            code = (code << LetterBits) | (letter - LetterBase);
        }

        return (ushort)code;
    }

    private static char Letter(int bits) => (char)((bits & LetterMask) + LetterBase);
}
