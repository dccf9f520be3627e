using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using IotProperty.Protocols.Enrolment;

namespace IotProperty.Protocols.Uplink;

/// <summary>
/// A command as it travels: its bytes, and the proof that a hub of the edge's own installation wrote them. A broker or whoever else stands between can withhold and repeat it, but
/// neither make nor change one. Nothing of the command is read before the proof holds: <see cref="Open"/>.
/// </summary>
public sealed class SignedCommand
{
    private const int MaxFields = 16;
    private const int MaxCommandFields = 32;
    private const int SignatureBytes = 64;

    private readonly Wire.SignedCommand _wire;

    private SignedCommand(Wire.SignedCommand wire) => _wire = wire;

    /// <summary>The name of the purpose, so that no signature for anything else can be taken for one of a command.</summary>
    private static ReadOnlySpan<byte> Domain => "iotp/v1/command\0"u8;

    /// <summary>Signs a command and returns the payload.</summary>
    /// <param name="command">Keeps to <see cref="SiteCommandRules"/>, or <see cref="ArgumentException"/> is thrown.</param>
    /// <param name="certificate">The signer's, with <see cref="EdgeCertificateNames.CommandPurpose"/>.</param>
    /// <param name="key">Its private key, P-256.</param>
    public static byte[] Sign(SiteCommand command, X509Certificate2 certificate, ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(key);
        if (SiteCommandRules.WhyNot(command) is { } why)
        {
            throw new ArgumentException($"the command cannot be sent: {why}", nameof(command));
        }

        byte[] bytes = ToWire(command).ToByteArray();
        return WireMessage.Seal(new Wire.SignedCommand
        {
            Command = UnsafeByteOperations.UnsafeWrap(bytes),
            Certificate = UnsafeByteOperations.UnsafeWrap(certificate.RawDataMemory),
            Signature = UnsafeByteOperations.UnsafeWrap(key.SignData(Signed(bytes), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)),
        });
    }

    /// <summary>Reads the envelope alone. Never throws for what the bytes hold.</summary>
    public static Decoded<SignedCommand> Decode(ReadOnlySpan<byte> payload)
    {
        if (!WireMessage.TryOpen(Wire.SignedCommand.Parser, payload, MaxFields, out Wire.SignedCommand? wire, out string why))
        {
            return Decoded<SignedCommand>.Malformed($"command {why}");
        }

        return wire.Command.IsEmpty || wire.Certificate.IsEmpty || wire.Signature.Length != SignatureBytes
            ? Decoded<SignedCommand>.Malformed("command is not signed, or holds nothing")
            : new Decoded<SignedCommand>(new SignedCommand(wire), "");
    }

    /// <summary>
    /// The command, when an authority of <paramref name="authority"/> has certified for <see cref="EdgeCertificateNames.CommandPurpose"/> the key that signed it, and it keeps to
    /// <see cref="SiteCommandRules"/>. Never throws for what the bytes hold.
    /// </summary>
    /// <param name="authority">Whom the edge trusts, up to a root.</param>
    /// <param name="now">By the edge's clock; the certificate must be good then.</param>
    public Decoded<SiteCommand> Open(IEnumerable<X509Certificate2> authority, DateTimeOffset now)
    {
        if (WhyNotSigned(authority, now) is { } forged)
        {
            return Decoded<SiteCommand>.Malformed(forged);
        }

        if (!WireMessage.TryRead(Wire.Command.Parser, _wire.Command.Span, MaxCommandFields, out Wire.Command? wire, out string why))
        {
            return Decoded<SiteCommand>.Malformed($"command {why}");
        }

        CommandAction? action = wire.ActionCase switch
        {
            Wire.Command.ActionOneofCase.Unlock => new UnlockAction(wire.Unlock.Device),
            Wire.Command.ActionOneofCase.Switch when WireEnum.TryRead(wire.Switch.Position, out SwitchPosition position) => new SwitchAction(wire.Switch.Device, position),
            _ => null,
        };
        if (action is null)
        {
            return Decoded<SiteCommand>.Malformed("command wants something that this version of the edge does not know");
        }

        SiteCommand command = new(wire.Site, wire.Id, wire.IssuedMs, wire.ExpiresMs, wire.AskedBy, action);
        return SiteCommandRules.WhyNot(command) is { } broken ? Decoded<SiteCommand>.Malformed($"command breaks a rule: {broken}") : new Decoded<SiteCommand>(command, "");
    }

    /// <summary>Null when the signature holds and an authority stands for the key; for people.</summary>
    private string? WhyNotSigned(IEnumerable<X509Certificate2> authority, DateTimeOffset now)
    {
        try
        {
            using X509Certificate2 signer = X509CertificateLoader.LoadCertificate(_wire.Certificate.Span);
            using X509Chain upwards = new();
            upwards.ChainPolicy = AuthorityPath.Policy(authority, now, EdgeCertificateNames.CommandPurpose);
            if (!upwards.Build(signer))
            {
                return $"command is signed with a certificate that does not hold ({string.Join(", ", upwards.ChainStatus.Select(status => status.Status))})";
            }

            // A certificate without any extended key usage is good for all (RFC 5280 §4.2.1.12), and those are not meant.
            if (!signer.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any(usage => usage.EnhancedKeyUsages.OfType<Oid>().Any(oid => oid.Value == EdgeCertificateNames.CommandPurpose)))
            {
                return "command is signed with a certificate that is not for commands";
            }

            using ECDsa? key = signer.GetECDsaPublicKey();
            return key is { KeySize: 256 } && key.VerifyData(Signed(_wire.Command.Span), _wire.Signature.Span, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
                ? null
                : "command has a signature that does not hold";
        }
        catch (CryptographicException broken)
        {
            return $"command is signed with something that is no certificate: {broken.Message}";
        }
    }

    private static byte[] Signed(ReadOnlySpan<byte> command) => [.. Domain, .. command];

    private static Wire.Command ToWire(SiteCommand command)
    {
        Wire.Command wire = new() { Site = command.Site, Id = command.Id, IssuedMs = command.IssuedMs, ExpiresMs = command.ExpiresMs, AskedBy = command.AskedBy };
        switch (command.Action)
        {
            case UnlockAction unlock:
                wire.Unlock = new Wire.UnlockAction { Device = unlock.Device };
                break;
            case SwitchAction turn:
                wire.Switch = new Wire.SwitchAction { Device = turn.Device, Position = WireEnum.Number(turn.Position) };
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(command), command.Action, "not an action of the contract");
        }

        return wire;
    }
}
