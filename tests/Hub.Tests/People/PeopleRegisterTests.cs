using IotProperty.Hub.Audit;
using IotProperty.Hub.People;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.People;

public sealed class SqlitePeopleRegisterTests() : PeopleRegisterTests(LedgerEngine.Sqlite);

[NeedsPeers("postgres")]
public sealed class PostgresPeopleRegisterTests() : PeopleRegisterTests(LedgerEngine.Postgres);

/// <summary>People, their roles and what hangs on them, on both databases.</summary>
public abstract class PeopleRegisterTests : IDisposable
{
    private readonly LedgerFixture _ledger;
    private readonly ServiceProvider _services;

    protected PeopleRegisterTests(LedgerEngine engine)
    {
        _ledger = new LedgerFixture(engine);
        _services = new ServiceCollection().AddSingleton<TimeProvider>(_ledger.Clock).AddSingleton(_ledger.Database).AddPeople(_ledger.Folder).BuildServiceProvider();
    }

    public void Dispose()
    {
        _services.Dispose();
        _ledger.Dispose();
        GC.SuppressFinalize(this);
    }

    [ConformanceFact]
    public async Task List_tells_roles_sites_lockout_and_the_last_change()
    {
        await SiteAsync("riverside");
        await AddAsync("zhang", Roles.Guard, "riverside");
        long addedMs = _ledger.Clock.NowMs;
        _ledger.Clock.Advance(TimeSpan.FromMinutes(1));
        await AddAsync("Li.Wei", Roles.Engineer);
        Assert.Null(await GrantsAsync(roles => roles.GrantAsync("li.wei", Roles.Billing, ["riverside"], default)));
        await LockOutAsync("zhang");
        IReadOnlyList<PersonRecord> all = await ListAsync();
        Assert.Equal(
            ["Li.Wei: billing@riverside engineer@*", "zhang: guard@riverside"],
            all.Select(p => $"{p.Name}: {string.Join(' ', p.Grants.Select(g => $"{g.Role}@{g.Site}"))}"));
        Assert.Equal([_ledger.Clock.NowMs, addedMs], all.Select(p => p.ChangedMs));
        Assert.Equal([null, _ledger.Clock.GetUtcNow() + TimeSpan.FromMinutes(5)], all.Select(p => p.LockedOutUntil));
        Assert.All(all, p => Assert.True(p.HasOneTimePassword));
        _ledger.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.All(await ListAsync(), p => Assert.Null(p.LockedOutUntil));
    }

    [ConformanceFact]
    public async Task Last_administrator_of_the_whole_hub_stays_whoever_else_administers_a_site()
    {
        await SiteAsync("riverside");
        await AddAsync("first", Roles.Administrator);
        await AddAsync("of-a-site", Roles.Administrator, "riverside");
        Assert.Contains("is the last administrator", await RegisterAsync(people => people.RemoveAsync("first", default)), StringComparison.Ordinal);
        Assert.Contains("is the last administrator", await GrantsAsync(roles => roles.RevokeAsync("first", Roles.Administrator, null, default)), StringComparison.Ordinal);
        Assert.Null(await RegisterAsync(people => people.RemoveAsync("of-a-site", default)));
        await AddAsync("second", Roles.Administrator);
        Assert.Null(await GrantsAsync(roles => roles.RevokeAsync("first", Roles.Administrator, null, default)));
        Assert.Contains("is the last administrator", await RegisterAsync(people => people.RemoveAsync("second", default)), StringComparison.Ordinal);
        Assert.Equal(["first", "second"], (await ListAsync()).Select(p => p.Name));
    }

    [ConformanceFact]
    public async Task Of_administrators_that_remove_each_other_at_once_one_stays()
    {
        string[] names = [.. Enumerable.Range(0, 6).Select(i => $"administrator-{i}")];
        foreach (string name in names)
        {
            await AddAsync(name, Roles.Administrator);
        }

        string?[] refusals = await Task.WhenAll(names.Select(name => Task.Run(() => RegisterAsync(people => people.RemoveAsync(name, default)))));
        Assert.Single(refusals.OfType<string>());
        Assert.Single(await ListAsync());
    }

    [ConformanceFact]
    public async Task Role_is_granted_only_at_a_site_that_is_there_and_once()
    {
        await AddAsync("wang", Roles.Guard);
        await SiteAsync("riverside");
        Assert.Contains("edge add rverside", await GrantsAsync(roles => roles.GrantAsync("wang", Roles.Engineer, ["riverside", "rverside"], default)), StringComparison.Ordinal);
        Assert.Single((await ListAsync())[0].Grants);
        Assert.Null(await GrantsAsync(roles => roles.GrantAsync("wang", Roles.Engineer, ["riverside"], default)));
        Assert.Contains("already", await GrantsAsync(roles => roles.GrantAsync("wang", Roles.Engineer, ["riverside"], default)), StringComparison.Ordinal);
        Assert.Contains("every site already", await GrantsAsync(roles => roles.GrantAsync("wang", Roles.Guard, ["riverside"], default)), StringComparison.Ordinal);
        Assert.Contains("--site riverside", await GrantsAsync(roles => roles.RevokeAsync("wang", Roles.Engineer, null, default)), StringComparison.Ordinal);
        Assert.Contains("held at every site", await GrantsAsync(roles => roles.RevokeAsync("wang", Roles.Guard, ["riverside"], default)), StringComparison.Ordinal);
        Assert.Contains("user list", await GrantsAsync(roles => roles.RevokeAsync("wang", Roles.Billing, null, default)), StringComparison.Ordinal);
        Assert.Null(await GrantsAsync(roles => roles.RevokeAsync("wang", Roles.Engineer, ["riverside"], default)));
        Assert.Equal([Roles.Guard], (await ListAsync())[0].Grants.Select(g => g.Role));
        Assert.Equal(
            ["user-added wang  guard at *", "role-granted wang riverside engineer at riverside", "role-revoked wang riverside engineer at riverside"],
            (await AuditAsync()).Where(e => e.ObjectKind == "user").Select(e => $"{e.Action} {e.ObjectId} {e.Site} {e.Detail}"));
    }

    [ConformanceFact]
    public async Task Reset_password_replaces_the_old_one_lifts_the_lockout_and_is_to_be_changed()
    {
        OneTimeSecret old = await AddAsync("sun", Roles.Guard);
        await LockOutAsync("sun");
        string stamp = (await PersonAsync("sun")).SecurityStamp!;
        Issued issued = await RegisterAsync(people => people.ResetPasswordAsync("SUN", default));
        Person person = await PersonAsync("sun");
        await using AsyncServiceScope scope = _services.CreateAsyncScope();
        UserManager<Person> users = scope.ServiceProvider.GetRequiredService<UserManager<Person>>();
        Assert.Equal("sun", issued.Secret!.Value.Name);
        Assert.True(await users.CheckPasswordAsync(person, issued.Secret.Value.Secret));
        Assert.False(await users.CheckPasswordAsync(person, old.Secret));
        Assert.True(person.HasOneTimePassword);
        Assert.Equal((null, 0), (person.LockoutEnd, person.AccessFailedCount));
        Assert.NotEqual(stamp, person.SecurityStamp);
        AuditEntry told = (await AuditAsync())[^1];
        Assert.Equal((AuditAction.PasswordReset, "sun", ""), (told.Action, told.ObjectId, told.Detail));
    }

    [ConformanceFact]
    public async Task Unlocked_person_may_try_again_and_one_who_is_not_locked_out_is_told()
    {
        await AddAsync("sun", Roles.Guard);
        Assert.Contains("is not locked out", await RegisterAsync(people => people.UnlockAsync("sun", default)), StringComparison.Ordinal);
        await LockOutAsync("sun");
        Assert.Null(await RegisterAsync(people => people.UnlockAsync("sun", default)));
        Person person = await PersonAsync("sun");
        Assert.Equal((null, 0), (person.LockoutEnd, person.AccessFailedCount));
        Assert.Equal(AuditAction.Unlocked, (await AuditAsync())[^1].Action);
    }

    [ConformanceFact]
    public async Task Tokens_of_a_person_end_with_the_role_that_they_were_made_from_and_with_the_person()
    {
        await SiteAsync("riverside");
        await AddAsync("boss", Roles.Administrator);
        await AddAsync("sun", Roles.Guard);
        Assert.Null(await GrantsAsync(roles => roles.GrantAsync("sun", Roles.Billing, ["riverside"], default)));
        Assert.Contains("is not billing at every site", (await TokenAsync(Roles.Billing, "sun")).Refusal, StringComparison.Ordinal);
        Assert.Contains("is not engineer at riverside", (await TokenAsync(Roles.Engineer, "sun", "riverside")).Refusal, StringComparison.Ordinal);
        string nobodys = (await TokenAsync(Roles.Guard, null)).Secret!.Value.Secret;
        string billing = (await TokenAsync(Roles.Billing, "SUN", "riverside")).Secret!.Value.Secret;
        string guard = (await TokenAsync(Roles.Guard, "sun", "riverside")).Secret!.Value.Secret;
        Assert.Null(await GrantsAsync(roles => roles.RevokeAsync("sun", Roles.Billing, ["riverside"], default)));
        Assert.Equal((false, true, true), (await IsInForceAsync(billing), await IsInForceAsync(guard), await IsInForceAsync(nobodys)));
        Assert.Null(await RegisterAsync(people => people.RemoveAsync("sun", default)));
        Assert.Equal((false, true), (await IsInForceAsync(guard), await IsInForceAsync(nobodys)));
        AuditEntry[] told = [.. (await AuditAsync())[^4..]];
        Assert.Equal(
            [AuditAction.TokenRevoked, AuditAction.RoleRevoked, AuditAction.TokenRevoked, AuditAction.PersonRemoved], told.Select(e => e.Action));
        Assert.Equal(("probe, of sun", "guard at *"), (told[2].Detail, told[3].Detail));

        // The name is free again, and its new bearer has nothing of the old one.
        await AddAsync("sun", Roles.ReadOnly);
        Assert.False(await IsInForceAsync(guard));
        Assert.Equal([Roles.ReadOnly], (await ListAsync())[1].Grants.Select(g => g.Role));
    }

    private async Task<OneTimeSecret> AddAsync(string name, string role, params string[] sites) =>
        (await RegisterAsync(people => people.AddAsync(name, role, default, sites))).Secret!.Value;

    private Task<Issued> SiteAsync(string site) => _services.GetRequiredService<EdgeCredentials>().IssueAsync(site, false, default);

    private Task<Issued> TokenAsync(string role, string? owner, params string[] sites) =>
        InScopeAsync<ApiTokens, Issued>(tokens => tokens.CreateAsync("probe", role, _ledger.Clock.GetUtcNow().AddDays(1), owner, sites, null, default));

    private Task<bool> IsInForceAsync(string token) => InScopeAsync<ApiTokens, bool>(async tokens => await tokens.FindAsync(token, default) is not null);

    private Task<IReadOnlyList<PersonRecord>> ListAsync() => RegisterAsync(people => people.ListAsync(default));

    private Task<Person> PersonAsync(string name) => InScopeAsync<PeopleContext, Person>(people => people.Users.AsNoTracking().SingleAsync(p => p.UserName == name));

    private async Task<AuditEntry[]> AuditAsync() => [.. (await new AuditDesk(_ledger.Ledger).ListAsync(default, PageRequest.First, default)).Items.Reverse()];

    private async Task LockOutAsync(string name)
    {
        await using AsyncServiceScope scope = _services.CreateAsyncScope();
        UserManager<Person> users = scope.ServiceProvider.GetRequiredService<UserManager<Person>>();
        Person person = (await users.FindByNameAsync(name))!;
        Assert.True((await users.SetLockoutEndDateAsync(person, _ledger.Clock.GetUtcNow() + TimeSpan.FromMinutes(5))).Succeeded);
    }

    private Task<T> RegisterAsync<T>(Func<PeopleRegister, Task<T>> work) => InScopeAsync(work);

    private Task<string?> GrantsAsync(Func<RoleGrants, Task<string?>> work) => InScopeAsync(work);

    private async Task<TResult> InScopeAsync<TService, TResult>(Func<TService, Task<TResult>> work)
        where TService : notnull
    {
        await using AsyncServiceScope scope = _services.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<TService>());
    }
}
