using IotProperty.Tests;
using Microsoft.Playwright;

namespace IotProperty.SystemTests.Pages;

/// <summary>The distribution's Chromium, kept from talking to anybody but the page under test.</summary>
internal static class Browser
{
    public static Task<IBrowser> LaunchAsync(IPlaywright playwright) => playwright.Chromium.LaunchAsync(new()
    {
        ExecutablePath = Peers.Require("chromium"),
        Args =
        [
            "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        ],
    });
}
