using System.Net;
using IotProperty.Hub.People;
using IotProperty.Hub.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.People;

public sealed class LoginTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    private static readonly Uri AccountPage = new("/account", UriKind.Relative);

    private HubUnderTest Hub => fixture.Hub;

    [Theory]
    [InlineData("/", HttpStatusCode.SeeOther)]
    [InlineData("/alarms", HttpStatusCode.SeeOther)]
    [InlineData("/residents", HttpStatusCode.SeeOther)]
    [InlineData("/audit", HttpStatusCode.SeeOther)]
    [InlineData("/live", HttpStatusCode.Forbidden)]
    [InlineData("/metrics", HttpStatusCode.Forbidden)]
    [InlineData("/api/v1/sites", HttpStatusCode.Forbidden)]
    [InlineData("/account", HttpStatusCode.OK)]
    public async Task One_time_password_opens_nothing_but_the_page_where_it_is_changed(string address, HttpStatusCode answer)
    {
        string name = "newcomer" + address.Replace("/", "-", StringComparison.Ordinal);
        Issued issued = await AddAsync(name, Roles.Administrator);
        using HttpClient browser = await Hub.BrowserAsItIsAsync(name, issued.Secret!.Value.Secret);
        Assert.Equal(answer, await StatusAsync(browser, address));
        Assert.Contains("You are logged in with a one-time password.", await browser.GetStringAsync(AccountPage), StringComparison.Ordinal);
        using HttpResponseMessage changed = await HubUnderTest.PostFormAsync(
            browser, "/account", "/account/password", ("current", issued.Secret.Value.Secret), ("next", "violet umbrella 77"));
        Assert.Equal(HttpStatusCode.SeeOther, changed.StatusCode);
        if (address != "/live")
        {
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(browser, address));
        }

        Assert.DoesNotContain("one-time password", await browser.GetStringAsync(AccountPage), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Part_of_a_page_sends_the_whole_page_to_where_the_one_time_password_is_changed()
    {
        Issued issued = await AddAsync("newcomer", Roles.Guard);
        using HttpClient browser = await Hub.BrowserAsItIsAsync("newcomer", issued.Secret!.Value.Secret);
        browser.DefaultRequestHeaders.Add("HX-Request", "true");
        using HttpResponseMessage part = await browser.GetAsync(new Uri("/alarms/rows", UriKind.Relative));
        Assert.Equal((HttpStatusCode.Forbidden, "/account"), (part.StatusCode, Assert.Single(part.Headers.GetValues("HX-Redirect"))));
    }

    [Fact]
    public async Task Role_at_one_site_is_not_taken_for_that_role_at_all_of_them()
    {
        await Hub.Services.GetRequiredService<EdgeCredentials>().IssueAsync("hillside", true, CancellationToken.None);
        await using AsyncServiceScope scope = Hub.Services.CreateAsyncScope();
        Issued issued = await scope.ServiceProvider.GetRequiredService<PeopleRegister>().AddAsync("elsewhere", Roles.Engineer, CancellationToken.None, ["hillside"]);
        using HttpClient browser = await Hub.BrowserAsync("elsewhere", issued.Secret!.Value.Secret);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(browser, "/alarms"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(browser, "/sites/riverside"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(browser, "/metrics"));
        Assert.Contains("Engineer (hillside)", await browser.GetStringAsync(AccountPage), StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient browser, string address)
    {
        using HttpResponseMessage answer = await browser.GetAsync(new Uri(address, UriKind.Relative));
        return answer.StatusCode;
    }

    [Fact]
    public async Task Changed_password_replaces_the_old_one_and_ends_the_request_to_change()
    {
        const string Next = "violet umbrella 77";
        Issued issued = await AddAsync("changer", Roles.Engineer);
        using HttpClient browser = await Hub.BrowserAsItIsAsync("changer", issued.Secret!.Value.Secret);
        using HttpResponseMessage wrong = await HubUnderTest.PostFormAsync(browser, "/account", "/account/password", ("current", "not it"), ("next", Next));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        using HttpResponseMessage simple = await HubUnderTest.PostFormAsync(browser, "/account", "/account/password", ("current", issued.Secret.Value.Secret), ("next", "short"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, simple.StatusCode);
        using HttpResponseMessage changed = await HubUnderTest.PostFormAsync(browser, "/account", "/account/password", ("current", issued.Secret.Value.Secret), ("next", Next));
        Assert.Equal(HttpStatusCode.SeeOther, changed.StatusCode);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(browser, "/alarms"));
        using HttpClient again = await Hub.BrowserAsync("changer", Next);
        using HttpResponseMessage account = await again.GetAsync(AccountPage);
        Assert.Equal(HttpStatusCode.OK, account.StatusCode);
    }

    [Fact]
    public async Task Five_wrong_passwords_lock_the_person_out_even_with_the_right_one()
    {
        Issued issued = await AddAsync("forgetful", Roles.Guard);
        using HttpClient browser = Hub.Stranger();
        for (int i = 0; i < 5; i++)
        {
            using HttpResponseMessage wrong = await HubUnderTest.PostFormAsync(browser, "/login", "/login", ("name", "forgetful"), ("password", "wrong"));
            Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        }

        using HttpResponseMessage locked = await HubUnderTest.PostFormAsync(browser, "/login", "/login", ("name", "forgetful"), ("password", issued.Secret!.Value.Secret));
        Assert.Equal(HttpStatusCode.Unauthorized, locked.StatusCode);
        Assert.Contains("Wait five minutes", await locked.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cookie_write_without_the_form_token_is_refused_on_pages_and_api()
    {
        using HttpClient browser = await Hub.AdministratorBrowserAsync();
        using HttpResponseMessage page = await HubUnderTest.PostAsync(browser, "/logout");
        using StringContent body = new("""{"name":"Li Wei","skills":["lift"]}""", System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage api = await browser.PostAsync(new Uri("/api/v1/technicians", UriKind.Relative), body);
        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (page.StatusCode, api.StatusCode));
        Assert.Contains("Reload the page", await api.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cookie_write_to_the_api_passes_with_the_token_in_its_header()
    {
        using HttpClient browser = await Hub.AdministratorBrowserAsync();
        string token = HubUnderTest.TokenIn(await browser.GetStringAsync(AccountPage));
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/v1/technicians")
        {
            Content = new StringContent("""{"name":"Zhao Min","skills":["plumbing"]}""", System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("RequestVerificationToken", token);
        using HttpResponseMessage answer = await browser.SendAsync(request);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    [Fact]
    public async Task Logged_out_cookie_opens_nothing()
    {
        using HttpClient browser = await Hub.AdministratorBrowserAsync();
        using HttpResponseMessage left = await HubUnderTest.PostFormAsync(browser, "/account", "/logout");
        Assert.Equal(HttpStatusCode.SeeOther, left.StatusCode);
        using HttpResponseMessage page = await browser.GetAsync(AccountPage);
        Assert.Equal(HttpStatusCode.Redirect, page.StatusCode);
    }

    [Theory]
    [InlineData("/alarms?state=all", "/alarms?state=all")]
    [InlineData("https://elsewhere.example/", "/")]
    [InlineData("//elsewhere.example/", "/")]
    [InlineData("/\\elsewhere.example/", "/")]
    [InlineData("/a\r\nSet-Cookie: x=y", "/")]
    [InlineData(null, "/")]
    public void Login_leads_only_to_the_hub_itself(string? asked, string goes) =>
        Assert.Equal(goes, IotProperty.Hub.Pages.Account.AccountRoutes.OwnAddress(asked));

    [Theory]
    [InlineData("nobody", "x")]
    [InlineData("nobody", "")]
    [InlineData("", "")]
    public async Task Unknown_name_is_refused_in_the_words_of_a_wrong_password(string name, string password)
    {
        using HttpClient browser = Hub.Stranger();
        using HttpResponseMessage answer = await HubUnderTest.PostFormAsync(browser, "/login", "/login", ("name", name), ("password", password));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains("Name or password is wrong.", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private async Task<Issued> AddAsync(string name, string role)
    {
        await using AsyncServiceScope scope = Hub.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<PeopleRegister>().AddAsync(name, role, CancellationToken.None);
    }
}
