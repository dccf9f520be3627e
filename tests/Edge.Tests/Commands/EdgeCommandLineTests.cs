using System.Text.Json;
using IotProperty.Edge.Commands;
using IotProperty.Edge.Hosting;
using IotProperty.Edge.Tests.Hosting;
using IotProperty.Edge.Tests.Profiles;

namespace IotProperty.Edge.Tests.Commands;

public sealed class EdgeCommandLineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    [Fact]
    public async Task Sound_site_is_exit_code_0()
    {
        string site = Write();
        Assert.Equal(0, await RunAsync("validate", "--site", site));
        Assert.Equal($"{site} is sound: site riverside, 1 lines, 2 devices, 6 points, 1 alarm rules, 2 credentials", _output.ToString().TrimEnd());
        Assert.Equal("", _error.ToString());
    }

    [Fact]
    public async Task Sound_site_as_json()
    {
        Assert.Equal(0, await RunAsync("validate", "--site", Write(), "--json"));
        JsonElement json = JsonDocument.Parse(_output.ToString()).RootElement;
        Assert.Equal(("valid", "riverside", 2), (json.GetProperty("event").GetString(), json.GetProperty("site").GetString(), json.GetProperty("devices").GetInt32()));
        Assert.Equal(64, json.GetProperty("profileHash").GetString()!.Length);
    }

    [Fact]
    public async Task Mistakes_are_exit_code_2_all_at_once()
    {
        string site = Write(s => s.Replace("port: 1883", "port: x", StringComparison.Ordinal).Replace("unit: 11", "unti: 11", StringComparison.Ordinal));
        File.Delete(_folder.File("credentials.yaml"));
        Assert.Equal(2, await RunAsync("validate", "--site", site));
        string[] lines = _error.ToString().TrimEnd().Split('\n');
        Assert.Equal($"{site}:4:34: 'port' is 'x' — write a whole number from 1 to 65535", lines[0]);
        Assert.Equal("4 mistakes", lines[^1]);
        Assert.Contains(lines, l => l.EndsWith("credentials.yaml does not exist — write the list of credentials into this file", StringComparison.Ordinal));
        Assert.Equal("", _output.ToString());
    }

    [Fact]
    public async Task Mistakes_as_json_have_their_places()
    {
        Assert.Equal(2, await RunAsync("validate", "--json", "--site", Write(s => s.Replace("port: 1883", "port: x", StringComparison.Ordinal))));
        JsonElement mistake = Assert.Single(JsonDocument.Parse(_output.ToString()).RootElement.GetProperty("mistakes").EnumerateArray());
        Assert.Equal((4, 34), (mistake.GetProperty("line").GetInt32(), mistake.GetProperty("column").GetInt32()));
    }

    [Theory]
    [InlineData("run")]
    [InlineData("validate")]
    public async Task Missing_site_file_is_exit_code_2(string command)
    {
        string[] data = command == "run" ? ["--data", _folder.Path] : [];
        Assert.Equal(2, await RunAsync([command, "--site", _folder.File("none.yaml"), .. data]));
        Assert.Contains("none.yaml does not exist — name an existing site file with --site", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_password_is_a_mistake()
    {
        string site = Write();
        File.WriteAllText(_folder.File("edge.password"), "\n");
        Assert.Equal(2, await RunAsync("validate", "--site", site));
        Assert.Contains("edge.password is empty — write the password", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("validate")]
    [InlineData("run", "--site", "site.yaml")]
    [InlineData("walk")]
    [InlineData("validate", "--sight", "site.yaml")]
    public async Task Bad_usage_is_exit_code_2(params string[] args)
    {
        Assert.Equal(2, await RunAsync(args));
        Assert.EndsWith("Try --help.", _error.ToString().TrimEnd(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("run", "--help")]
    [InlineData("validate", "--help")]
    public async Task Help_names_the_exit_codes(params string[] args)
    {
        Assert.Equal(0, await RunAsync(args));
        Assert.Contains("Exit codes: 0 ok, 1 failed at run time, 2 bad usage or bad configuration.", _output.ToString().ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folder_in_use_is_exit_code_1()
    {
        string site = Write();
        using InstanceLock? other = InstanceLock.TryTake(_folder.Path, "another edge", out _);
        Assert.Equal(1, await RunAsync("run", "--site", site, "--data", _folder.Path));
        Assert.Contains("(another edge)", _error.ToString(), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _output.Dispose();
        _error.Dispose();
    }

    private Task<int> RunAsync(params string[] args) => EdgeCommandLine.RunAsync(args, _output, _error);

    private string Write(Func<string, string>? change = null)
    {
        Directory.CreateDirectory(_folder.File("mine"));
        File.WriteAllText(_folder.File("mine/test-pump.yaml"), SampleSite.Pump);
        File.WriteAllText(_folder.File("mine/test-door.yaml"), SampleSite.Door);
        File.WriteAllText(_folder.File("credentials.yaml"), SampleSite.Credentials);
        File.WriteAllText(_folder.File("edge.password"), "secret\n");
        string site = _folder.File("site.yaml");
        File.WriteAllText(site, (change ?? (s => s))(SampleSite.Site + "\nprofiles: mine\n"));
        return site;
    }
}
