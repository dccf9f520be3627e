namespace IotProperty.Edge.Enrolment;

/// <summary>The hub gave no certificate; the message says why and what helps.</summary>
/// <param name="message">For people.</param>
/// <param name="refused">Whether it was the hub that said no; otherwise it was not reached, or not the hub.</param>
public sealed class EnrolmentException(string message, bool refused = false) : IOException(message)
{
    public bool Refused => refused;
}
