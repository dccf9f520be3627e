using System.Globalization;

namespace IotProperty.Hub.Registry;

/// <summary>What lists show of a person: enough to tell two people apart, too little to call or impersonate one.</summary>
public static class Masking
{
    /// <summary>The person without what identifies them.</summary>
    public static Occupant Mask(Occupant occupant)
    {
        ArgumentNullException.ThrowIfNull(occupant);
        return occupant with { Name = Name(occupant.Name), Phone = Phone(occupant.Phone), IdNumber = IdNumber(occupant.IdNumber) };
    }

    /// <summary>The first character: <c>张*</c>.</summary>
    public static string Name(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length == 0 ? "" : StringInfo.GetNextTextElement(name) + "*";
    }

    /// <summary>The first three and the last four digits, without +86: <c>138****1234</c>. Shorter numbers vanish.</summary>
    public static string Phone(string phone)
    {
        ArgumentNullException.ThrowIfNull(phone);
        string digits = string.Concat((phone.StartsWith("+86", StringComparison.Ordinal) ? phone[3..] : phone).Where(char.IsAsciiDigit));
        return phone.Length == 0 ? "" : digits.Length >= 10 ? $"{digits[..3]}****{digits[^4..]}" : "****";
    }

    /// <summary>The first three and the last four characters, as many stars as there were others (GB 11643: 18 characters). Shorter numbers vanish.</summary>
    public static string IdNumber(string number)
    {
        ArgumentNullException.ThrowIfNull(number);
        return number.Length == 0 ? "" : number.Length >= 12 ? $"{number[..3]}{new string('*', number.Length - 7)}{number[^4..]}" : "****";
    }
}
