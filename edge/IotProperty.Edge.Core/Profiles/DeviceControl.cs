namespace IotProperty.Edge.Profiles;

/// <summary>Who may switch one device of the site, beside the profile's <see cref="ControlDefinition"/>: without it nobody may.</summary>
/// <param name="OperatorCode">Eight digits that the meter keeps in its event records (DL/T 645, C0..C3), and that name the order in logs.</param>
/// <param name="PasswordFile">Relative to the site file; its first line is the meter's password of six digits. Null where the protocol has none.</param>
/// <param name="PasswordLevel">0 (highest) to 9; most meters want 2 for the relay.</param>
public sealed record DeviceControl(string OperatorCode, string? PasswordFile, int PasswordLevel);
