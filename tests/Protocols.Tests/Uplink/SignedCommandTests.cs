using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using IotProperty.Protocols.Enrolment;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Wire = IotProperty.Protocols.Uplink.Wire;

namespace IotProperty.Protocols.Tests.Uplink;

public class SignedCommandTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);
    private static readonly SiteCommand Unlock = new("riverside", "c-1", Now.ToUnixTimeMilliseconds(), Now.ToUnixTimeMilliseconds() + 10_000, "anna", new UnlockAction("door-1"));

    [Fact]
    public void What_is_opened_is_what_was_signed() =>
        Prop.ForAll(UplinkGen.Command.ToArbitrary(), command =>
        {
            Decoded<SiteCommand> opened = Open(CommandSigner.Shared.Sign(command));
            Assert.Equal(command, opened.Value);
        }).Check(PropertyRun.Config.WithMaxTest(30));

    [Fact]
    public void No_byte_can_be_changed_and_nothing_cut_off()
    {
        byte[] payload = CommandSigner.Shared.Sign(Unlock);
        for (int at = 0; at < payload.Length - MessageSeal.Length; at++)
        {
            byte[] changed = [.. payload];
            changed[at] ^= 0x41;
            MessageSeal.Write(changed);
            Decoded<SiteCommand> opened = Open(changed);
            Assert.False(opened.Done, $"byte {at}");
            Assert.NotEqual("", opened.Why);
        }

        for (int length = 0; length < payload.Length; length++)
        {
            Assert.False(SignedCommand.Decode(payload.AsSpan(0, length)).Done);
        }
    }

    [Fact]
    public void A_foreign_authority_is_not_trusted_even_under_the_same_name()
    {
        using CommandSigner stranger = new();
        Assert.Contains("does not hold", Open(stranger.Sign(Unlock)).Why, StringComparison.Ordinal);
        Assert.Contains("does not hold", SignedCommand.Decode(CommandSigner.Shared.Sign(Unlock)).Value!.Open([], Now).Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(EdgeCertificateNames.ClientPurpose)]
    [InlineData(EdgeCertificateNames.ServerPurpose)]
    [InlineData(null)]
    public void The_certificate_of_an_edge_or_a_server_signs_no_commands(string? purpose)
    {
        (X509Certificate2 certificate, ECDsa key) = CommandSigner.Shared.Certify(purpose, Now.AddDays(-1), Now.AddDays(1));
        Decoded<SiteCommand> opened = Open(SignedCommand.Sign(Unlock, certificate, key));
        Assert.False(opened.Done);
        Assert.Contains("certificate", opened.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(-2, -1)]
    public void A_certificate_is_good_in_its_time_alone(int fromDays, int toDays)
    {
        (X509Certificate2 certificate, ECDsa key) = CommandSigner.Shared.Certify(EdgeCertificateNames.CommandPurpose, Now.AddDays(fromDays), Now.AddDays(toDays));
        Assert.Contains("NotTimeValid", Open(SignedCommand.Sign(Unlock, certificate, key)).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_signature_by_another_key_than_the_certificates_does_not_hold()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Contains("signature that does not hold", Open(SignedCommand.Sign(Unlock, CommandSigner.Shared.Certificate, other)).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void What_breaks_a_rule_is_neither_sent_nor_taken()
    {
        SiteCommand[] broken =
        [
            Unlock with { Id = "" },
            Unlock with { Id = new string('a', SiteCommandRules.MaxIdChars + 1) },
            Unlock with { Id = "a/b" },
            Unlock with { Id = "a+" },
            Unlock with { Site = "" },
            Unlock with { AskedBy = "" },
            Unlock with { AskedBy = new string('a', SiteCommandRules.MaxAskedByChars + 1) },
            Unlock with { Action = new UnlockAction("") },
            Unlock with { ExpiresMs = Unlock.IssuedMs },
            Unlock with { ExpiresMs = Unlock.IssuedMs + SiteCommandRules.MaxLifetimeMs + 1 },
            Unlock with { IssuedMs = -1 },
        ];
        Assert.All(broken, command =>
        {
            Assert.Throws<ArgumentException>(() => CommandSigner.Shared.Sign(command));
            Assert.Contains("breaks a rule", Open(SignWhatever(ToWire(command))).Why, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void An_action_or_position_of_a_later_version_is_said_to_be_unknown()
    {
        Wire.Command later = ToWire(Unlock);
        later.ClearAction();
        Assert.Contains("does not know", Open(SignWhatever(later)).Why, StringComparison.Ordinal);
        later.Switch = new Wire.SwitchAction { Device = "meter-1", Position = 9 };
        Assert.Contains("does not know", Open(SignWhatever(later)).Why, StringComparison.Ordinal);
    }

    [PeerFact("openssl")]
    public void Openssl_verifies_what_we_sign_and_we_open_what_it_signed()
    {
        string folder = Directory.CreateTempSubdirectory("iotp-command-").FullName;
        try
        {
            string At(string name) => Path.Combine(folder, name);
            Wire.SignedCommand ours = Wire.SignedCommand.Parser.ParseFrom(CommandSigner.Shared.Sign(Unlock));
            byte[] signed = [.. "iotp/v1/command\0"u8, .. ours.Command.Span];
            File.WriteAllBytes(At("signed"), signed);
            File.WriteAllBytes(At("signature"), ToDer(ours.Signature.ToByteArray()));
            File.WriteAllText(At("public.pem"), CommandSigner.Shared.Key.ExportSubjectPublicKeyInfoPem());
            Assert.Contains("Verified OK", OpenSsl("dgst", "-sha256", "-verify", At("public.pem"), "-signature", At("signature"), At("signed")), StringComparison.Ordinal);

            // An authority, a certificate for commands and a signature, all of its making.
            File.WriteAllText(At("extensions"), $"extendedKeyUsage=critical,{EdgeCertificateNames.CommandPurpose}\nkeyUsage=critical,digitalSignature\n");
            OpenSsl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", At("root.key"), "-out", At("root.pem"), "-subj", "/CN=openssl root", "-days", "30");
            OpenSsl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", At("leaf.key"), "-out", At("leaf.csr"), "-subj", "/CN=commands");
            OpenSsl("x509", "-req", "-in", At("leaf.csr"), "-CA", At("root.pem"), "-CAkey", At("root.key"), "-CAcreateserial", "-out", At("leaf.pem"), "-days", "20", "-extfile", At("extensions"));
            OpenSsl("dgst", "-sha256", "-sign", At("leaf.key"), "-out", At("theirs"), At("signed"));
            using X509Certificate2 leaf = X509CertificateLoader.LoadCertificateFromFile(At("leaf.pem"));
            using X509Certificate2 root = X509CertificateLoader.LoadCertificateFromFile(At("root.pem"));
            byte[] payload = WireMessage.Seal(new Wire.SignedCommand
            {
                Command = ours.Command,
                Certificate = ByteString.CopyFrom(leaf.RawData),
                Signature = ByteString.CopyFrom(FromDer(File.ReadAllBytes(At("theirs")))),
            });
            Decoded<SiteCommand> opened = SignedCommand.Decode(payload).Value!.Open([root], new DateTimeOffset(leaf.NotBefore).AddDays(1));
            Assert.Equal("", opened.Why);
            Assert.Equal(Unlock, opened.Value);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Decoded<SiteCommand> Open(byte[] payload)
    {
        Decoded<SignedCommand> decoded = SignedCommand.Decode(payload);
        return decoded.Done ? decoded.Value.Open(CommandSigner.Shared.Authority, Now) : Decoded<SiteCommand>.Malformed(decoded.Why);
    }

    private static Wire.Command ToWire(SiteCommand command) => new()
    {
        Site = command.Site,
        Id = command.Id,
        IssuedMs = command.IssuedMs,
        ExpiresMs = command.ExpiresMs,
        AskedBy = command.AskedBy,
        Unlock = new Wire.UnlockAction { Device = command.Action.Device },
    };

    /// <summary>Rightly signed, whatever it holds.</summary>
    private static byte[] SignWhatever(Wire.Command command)
    {
        byte[] bytes = command.ToByteArray();
        byte[] signature = CommandSigner.Shared.Key.SignData([.. "iotp/v1/command\0"u8, .. bytes], HashAlgorithmName.SHA256);
        return WireMessage.Seal(new Wire.SignedCommand
        {
            Command = ByteString.CopyFrom(bytes),
            Certificate = ByteString.CopyFrom(CommandSigner.Shared.Certificate.RawData),
            Signature = ByteString.CopyFrom(signature),
        });
    }

    private static byte[] ToDer(byte[] fixedField)
    {
        System.Formats.Asn1.AsnWriter writer = new(System.Formats.Asn1.AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(Trimmed(fixedField.AsSpan(0, 32)));
            writer.WriteIntegerUnsigned(Trimmed(fixedField.AsSpan(32)));
        }

        return writer.Encode();
    }

    private static ReadOnlySpan<byte> Trimmed(ReadOnlySpan<byte> number) => number.TrimStart((byte)0);

    private static byte[] FromDer(byte[] der)
    {
        System.Formats.Asn1.AsnReader sequence = new System.Formats.Asn1.AsnReader(der, System.Formats.Asn1.AsnEncodingRules.DER).ReadSequence();
        byte[] fixedField = new byte[64];
        for (int end = 32; end <= 64; end += 32)
        {
            byte[] number = sequence.ReadInteger().ToByteArray(isUnsigned: true, isBigEndian: true);
            number.CopyTo(fixedField, end - number.Length);
        }

        return fixedField;
    }

    private static string OpenSsl(params string[] arguments)
    {
        using Process openssl = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = openssl.StandardError.ReadToEndAsync();
        string output = openssl.StandardOutput.ReadToEnd();
        Assert.True(openssl.WaitForExit(TimeSpan.FromSeconds(30)));
        Assert.True(openssl.ExitCode == 0, errors.Result);
        return output;
    }
}
