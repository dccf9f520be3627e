using System.Text.Json;
using IotProperty.Edge.Commands;

namespace IotProperty.Edge.Tests.Commands.Decoding;

/// <summary><c>iotp-edge decode</c> as an installer calls it.</summary>
internal static class DecodeTool
{
    public static async Task<(int ExitCode, JsonElement Json)> RunAsync(params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int exitCode = await EdgeCommandLine.RunAsync(["decode", .. arguments], output, error);
        Assert.Equal("", error.ToString());
        return (exitCode, JsonDocument.Parse(output.ToString()).RootElement);
    }
}
