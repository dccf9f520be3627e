using System.CommandLine;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;

namespace IotProperty.Hub.Commands;

/// <summary><c>iotp-hub run</c>: the hub itself, until SIGTERM or Ctrl-C.</summary>
internal static class RunCommand
{
    private const string About = """
        Run the hub until it is told to stop (SIGTERM or Ctrl-C).

        The first start creates the user 'administrator' and writes its one-time password into administrator-password.once in
        the data folder, for the hub's user alone; the file goes when the password is changed. A front door on a loopback address may be plain;
        on any other address it demands TLS. Port 0 means: choose a free one; the ready line says which.
        """;

    public static Command Create(TextWriter output, TextWriter errors, TimeProvider time)
    {
        Option<string> data = HubOptions.Data();
        Option<string?> config = HubOptions.Config();
        Option<bool> json = HubOptions.Json();
        Option<string> http = new("--http") { Description = "Where pages and API listen.", HelpName = "ADDR:PORT", DefaultValueFactory = _ => "127.0.0.1:8080" };
        Option<string> mqtt = new("--mqtt") { Description = "Where edges connect (MQTT 5).", HelpName = "ADDR:PORT", DefaultValueFactory = _ => "127.0.0.1:1883" };
        Option<string?> httpCertificate = new("--http-certificate") { Description = "Certificate chain for pages and API (PEM).", HelpName = "FILE" };
        Option<string?> httpKey = new("--http-key") { Description = "Its private key (PEM, not encrypted).", HelpName = "FILE" };
        Option<string?> mqttCertificate = new("--mqtt-certificate") { Description = "Certificate chain for the front door (PEM).", HelpName = "FILE" };
        Option<string?> mqttKey = new("--mqtt-key") { Description = "Its private key (PEM, not encrypted).", HelpName = "FILE" };
        Command command = new("run", About) { data, config, http, mqtt, httpCertificate, httpKey, mqttCertificate, mqttKey, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            HubSettings settings = new(
                parsed.GetRequiredValue(data),
                FrontDoorAddress.Read("--http", parsed.GetRequiredValue(http), parsed.GetValue(httpCertificate), parsed.GetValue(httpKey)),
                FrontDoorAddress.Read("--mqtt", parsed.GetRequiredValue(mqtt), parsed.GetValue(mqttCertificate), parsed.GetValue(mqttKey)))
            {
                Configuration = HubConfiguration.Load(parsed.GetValue(config), parsed.GetRequiredValue(data)),
            };
            return await HubRun.RunAsync(settings, parsed.GetValue(json), output, errors, time, cancellationToken);
        });
        return command;
    }
}
