namespace IotProperty.Edge.Profiles;

/// <summary>Reads a device's <c>control</c>: who may switch it.</summary>
internal static class DeviceControlReader
{
    private const int OperatorDigits = 8;

    public static DeviceControl? Read(MappingReader device, DeviceProfile profile)
    {
        MappingReader? control = device.Mapping("control", "'control' of a device");
        if (control is null)
        {
            return null;
        }

        bool relay = profile.Control.Relay;
        if (!relay && !profile.Control.Valve)
        {
            device.AddAt("control", $"profile '{profile.Id}' does not allow to switch anything", "leave control: out, or allow it in the profile with control: { relay: true } or { valve: true }");
        }

        string? operatorCode = control.Text("operatorCode", "write operatorCode: \"00000001\", eight digits that name who switches");
        if (operatorCode is not null && !(operatorCode.Length == OperatorDigits && operatorCode.All(char.IsAsciiDigit)))
        {
            control.AddAt("operatorCode", $"'operatorCode' is '{MappingReader.Bounded(operatorCode)}'", "write eight digits in quotes, such as \"00000001\"");
            operatorCode = null;
        }

        string? passwordFile = relay ? control.Text("passwordFile", "write passwordFile: the file that holds the meter's six-digit password, relative to the site file") : null;
        int level = relay ? (int)(control.Integer("passwordLevel", 0, 9) ?? 2) : 0;
        control.Finish();
        return operatorCode is null || (relay && passwordFile is null) ? null : new DeviceControl(operatorCode, passwordFile, level);
    }
}
