using System.Net;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Protocols.Mqtt;

namespace IotProperty.Hub.Ingest;

/// <summary>
/// Checks certificates and passwords, a few at a time. A check of a password is slow on purpose; when a hub restarts and all edges come at once, checking all together
/// would let all of them run out of patience. So a bounded number waits, no longer than an edge does, and the others are told at once to come back later. Safe on any task.
/// </summary>
internal sealed class FrontDoorChecks(FrontDoorOptions options, IEdgeCredentials credentials, IEdgeCertificates? certificates, TimeProvider time) : IDisposable
{
    private readonly FrontDoorGuesses _guesses = new(options, time);
    private readonly SemaphoreSlim _places = new(options.MaximumChecks);
    private int _present;

    public async ValueTask<FrontDoorAdmission> DecideAsync(MqttConnect connect, X509Certificate2? shown, EndPoint? remote, CancellationToken cancellationToken)
    {
        try
        {
            if (Interlocked.Increment(ref _present) > options.MaximumChecks + options.MaximumWaitingChecks)
            {
                return FrontDoorAdmission.Refused(MqttReasonCode.ServerBusy, "too many edges are being let in at once; come back later");
            }

            string address = FrontDoorStrangers.AddressOf(remote);
            if (shown is null && !_guesses.MayTry(address))
            {
                return FrontDoorAdmission.Refused(MqttReasonCode.ServerBusy, "too many wrong passwords came from this address; come back later");
            }

            await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                FrontDoorAdmission admission =
                    await FrontDoorAdmission.DecideAsync(connect, shown, certificates, MayUsePassword(remote) ? credentials : null, cancellationToken).ConfigureAwait(false);
                if (admission.Code == MqttReasonCode.BadUserNameOrPassword)
                {
                    _guesses.Wrong(address);
                }

                return admission;
            }
            finally
            {
                _places.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _present);
        }
    }

    private bool MayUsePassword(EndPoint? remote) => options.Passwords switch
    {
        PasswordEntry.Everywhere => true,
        PasswordEntry.Never => false,
        _ => remote is null or not IPEndPoint || (remote is IPEndPoint { Address: var address } && IPAddress.IsLoopback(address)),
    };

    public void Dispose() => _places.Dispose();
}
