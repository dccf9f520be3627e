using System.Net;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using IotProperty.Hub.Audit;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.People;
using IotProperty.Hub.Storage.Backup;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Hosting;

/// <summary>The first administrator's one-time password, from the first start to its end.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class FirstPasswordTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task First_start_tells_where_the_password_is_and_not_what_it_is(bool json)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("iotp-first-");
        string file = Path.Combine(directory.FullName, FirstPasswordFile.FileName);
        (int code, string output, string errors) = await RunUntilReadyAsync(directory, json);
        Assert.Equal(0, code);
        string password = (await File.ReadAllTextAsync(file)).Trim();
        Assert.Equal(23, password.Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.DoesNotContain(password, output + errors, StringComparison.Ordinal);
        Assert.Equal(
            file,
            json
                ? JsonDocument.Parse(output.Split('\n')[0]).RootElement.GetProperty("passwordFile").GetString()
                : output.Split(' ').Single(word => word.StartsWith(directory.FullName, StringComparison.Ordinal)));
        Assert.DoesNotContain(FirstPasswordFile.FileName, FolderContents.Of(DataFolder.Open(directory.FullName)).Files);

        // A second start makes no other, and leaves it there.
        (code, output, _) = await RunUntilReadyAsync(directory, json);
        Assert.Equal(0, code);
        Assert.DoesNotContain("administrator", output, StringComparison.Ordinal);
        Assert.Equal(password, (await File.ReadAllTextAsync(file)).Trim());
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        directory.Delete(recursive: true);
    }

    [Fact]
    public async Task File_goes_when_its_password_is_changed_and_the_audit_log_tells()
    {
        await using HubUnderTest hub = await HubUnderTest.StartAsync();
        string file = Path.Combine(hub.Folder, FirstPasswordFile.FileName);
        string password = (await File.ReadAllTextAsync(file)).Trim();
        Assert.Equal(hub.Administrator.Secret, password);
        using HttpClient other = await hub.BrowserOfRoleAsync(Roles.Guard);
        using HttpClient browser = await hub.BrowserAsItIsAsync("administrator", password);
        using HttpResponseMessage wrong = await HubUnderTest.PostFormAsync(browser, "/account", "/account/password", ("current", password), ("next", "short"));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, true), (wrong.StatusCode, File.Exists(file)));
        using HttpResponseMessage changed = await HubUnderTest.PostFormAsync(browser, "/account", "/account/password", ("current", password), ("next", "violet umbrella 77"));
        Assert.Equal((HttpStatusCode.SeeOther, false), (changed.StatusCode, File.Exists(file)));
        AuditEntry entry = (await hub.Services.GetRequiredService<AuditDesk>().ListAsync(new AuditQuery(Action: AuditAction.PasswordChanged), PageRequest.First, default)).Items[0];
        Assert.Equal(("administrator", "the file with the one-time password was removed"), (entry.Actor, entry.Detail));
    }

    [Theory]
    [InlineData("reset")]
    [InlineData("remove")]
    [InlineData("changed at another hub")]
    public async Task File_goes_when_its_password_ends_otherwise(string how)
    {
        using LedgerFixture ledger = new();
        await using ServiceProvider services = new ServiceCollection().AddSingleton<TimeProvider>(ledger.Clock).AddSingleton(ledger.Database).AddPeople(ledger.Folder).BuildServiceProvider();
        string file = services.GetRequiredService<FirstPasswordFile>().Path;
        await using AsyncServiceScope scope = services.CreateAsyncScope();
        PeopleRegister people = scope.ServiceProvider.GetRequiredService<PeopleRegister>();
        Assert.NotNull(await people.EnsureAdministratorAsync(default));
        Assert.NotNull((await people.AddAsync("another", Roles.Administrator, default)).Secret);
        Assert.Null(await people.EnsureAdministratorAsync(default));
        Assert.True(File.Exists(file));
        switch (how)
        {
            case "reset":
                Assert.NotNull((await people.ResetPasswordAsync("administrator", default)).Secret);
                break;
            case "remove":
                Assert.Null(await people.RemoveAsync("administrator", default));
                break;
            default:
                await scope.ServiceProvider.GetRequiredService<PeopleContext>().Users.ExecuteUpdateAsync(set => set.SetProperty(person => person.HasOneTimePassword, false));
                await using (AsyncServiceScope later = services.CreateAsyncScope())
                {
                    Assert.Null(await later.ServiceProvider.GetRequiredService<PeopleRegister>().EnsureAdministratorAsync(default));
                }

                break;
        }

        Assert.False(File.Exists(file));
    }

    private static async Task<(int Code, string Output, string Errors)> RunUntilReadyAsync(DirectoryInfo directory, bool json)
    {
        HubSettings settings = new(directory.FullName, FrontDoorAddress.AnyLoopbackPort, FrontDoorAddress.AnyLoopbackPort) { Configuration = HubConfiguration.Embedded };
        using CancellationTokenSource stop = new();
        using ReadyWriter output = new();
        using StringWriter errors = new();
        Task<int> run = HubRun.RunAsync(settings, json, output, errors, TimeProvider.System, stop.Token);
        await Task.WhenAny(output.Ready, run);
        await stop.CancelAsync();
        return (await run, output.ToString(), errors.ToString());
    }

    /// <summary>Says when the hub has said that it is ready.</summary>
    private sealed class ReadyWriter : StringWriter
    {
        private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ready => _ready.Task;

        public override Encoding Encoding => Encoding.UTF8;

        public override async Task FlushAsync(CancellationToken cancellationToken)
        {
            await base.FlushAsync(cancellationToken);
            _ready.TrySetResult();
        }
    }
}
