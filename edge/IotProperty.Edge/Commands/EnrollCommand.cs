using System.Globalization;
using System.Security.Cryptography;
using IotProperty.Edge.Enrolment;
using IotProperty.Protocols.Enrolment;

namespace IotProperty.Edge.Commands;

/// <summary><c>iotp-edge enroll</c></summary>
internal static class EnrollCommand
{
    private const int MaxCodeFileBytes = 4096;

    /// <param name="hub">As typed.</param>
    /// <param name="code">As typed; null when <paramref name="codeFile"/> has it.</param>
    /// <param name="codeFile">A file that holds the code, or <c>-</c> for standard input.</param>
    /// <param name="folder">Where the identity goes.</param>
    /// <param name="json">Whether to answer in JSON.</param>
    /// <param name="time">The clock.</param>
    /// <param name="output">For the answer.</param>
    /// <param name="error">For what is wrong.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    public static async Task<int> RunAsync(
        string hub, string? code, string? codeFile, string folder, bool json, TimeProvider time, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(hub, UriKind.Absolute, out Uri? address) || address.Scheme != Uri.UriSchemeHttps || address.AbsolutePath != "/" || address.UserInfo.Length > 0)
        {
            await error.WriteLineAsync($"--hub {hub}: not the address of a hub — write https://HOST:PORT, without anything behind it");
            return EdgeCommandLine.BadInput;
        }

        if (await ReadCodeAsync(code, codeFile, error, cancellationToken) is not { } read)
        {
            return EdgeCommandLine.BadInput;
        }

        IdentityFolder place = new(Path.GetFullPath(folder));
        try
        {
            using ECDsa key = place.PendingKey();
            EnrolmentAnswer answer = await new EnrolmentClient(time).EnrolAsync(address, read, key, cancellationToken);
            EdgeIdentity identity = place.Keep(key, answer, address, read.HubFingerprint);
            string ends = identity.NotAfter.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            await output.WriteLineAsync(json
                ? SiteReport.Json(writer =>
                {
                    writer.WriteString("event", "enrolled");
                    writer.WriteString("site", identity.Site);
                    writer.WriteString("serial", identity.Certificate.SerialNumber);
                    writer.WriteString("notAfter", ends);
                    writer.WriteString("identity", place.Path);
                })
                : $"Enrolled for site {identity.Site}: certificate {identity.Certificate.SerialNumber}, good until {ends}; the edge renews it by itself.\n"
                    + $"In site.yaml: uplink: {{ host: {address.Host}, port: 8883, tls: true, identity: {place.Path} }}");
            return EdgeCommandLine.Ok;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await error.WriteLineAsync("Stopped; nothing was changed. The code may be used again.");
            return EdgeCommandLine.Failed;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            if (failed is EnrolmentException { Refused: true })
            {
                place.DropPendingKey();
            }

            await error.WriteLineAsync(failed is EnrolmentException ? failed.Message : $"{place.Path}: {failed.Message}");
            return EdgeCommandLine.Failed;
        }
    }

    private static async Task<EnrolmentCode?> ReadCodeAsync(string? code, string? codeFile, TextWriter error, CancellationToken cancellationToken)
    {
        if (code is null == codeFile is null)
        {
            await error.WriteLineAsync("Give the code: --code CODE, or --code-file FILE (- for standard input), which other users of this machine cannot see.");
            return null;
        }

        try
        {
            string text = code ?? await ReadTextAsync(codeFile!, cancellationToken);
            if (EnrolmentCode.TryParse(text, out EnrolmentCode? read, out string why))
            {
                return read;
            }

            await error.WriteLineAsync($"The code is none: {why} — copy the whole of what 'iotp-hub edge invite' printed.");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync($"--code-file {codeFile}: {unreadable.Message}");
        }

        return null;
    }

    private static async Task<string> ReadTextAsync(string file, CancellationToken cancellationToken)
    {
        if (file == "-")
        {
            return await Console.In.ReadLineAsync(cancellationToken) ?? "";
        }

        return new FileInfo(file).Length <= MaxCodeFileBytes ? await File.ReadAllTextAsync(file, cancellationToken) : throw new IOException($"is longer than {MaxCodeFileBytes} bytes");
    }
}
