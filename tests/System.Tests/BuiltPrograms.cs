using IotProperty.SystemTests.Documents;

namespace IotProperty.SystemTests;

/// <summary>The three programs as they were built in the configuration of these tests.</summary>
internal static class BuiltPrograms
{
    public static string Hub { get; } = Find("hub/IotProperty.Hub", "iotp-hub");

    public static string Edge { get; } = Find("edge/IotProperty.Edge", "iotp-edge");

    public static string Simulator { get; } = Find("simulators/IotProperty.Simulators", "iotp-sim");

    private static string Find(string project, string name)
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        string path = Path.Combine(MarkdownSamples.Root, project, "bin", configuration, "net10.0", name);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{name} is not built in {configuration}: build IotProperty.sln first", path);
    }
}
