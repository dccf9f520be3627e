namespace IotProperty.Protocols.Dlt645;

/// <summary>By what an answer is known.</summary>
/// <param name="Meter">Who was asked; may hold wildcards.</param>
/// <param name="Code">The function's code in this edition.</param>
/// <param name="Identifier">What was read; null where the answer carries none.</param>
/// <param name="Sequence">Of a follow-up frame; 0 for the first.</param>
/// <param name="Content">A hash of the request's data field: equal requests want equal answers.</param>
/// <param name="LateUntilMs">Until then an answer may come, on the owner's clock; for ever where it tells no time.</param>
internal readonly record struct Dlt645Asked(
    Dlt645MeterAddress Meter, Dlt645Edition Edition, byte Code, Dlt645Identifier? Identifier, int Sequence, uint Content, long LateUntilMs = long.MaxValue)
{
    /// <summary>Refusals and mere acknowledgements do not say what they answer.</summary>
    public bool AnswerTellsWhat(Dlt645Control control) => !control.IsRefusal && Identifier is not null;

    /// <summary>
    /// A refusal carries no identifier, so that meter and function must do. To an all-nines address the older edition's meters answer point to point.
    /// </summary>
    public bool IsAnsweredBy(Dlt645MeterAddress answerer, Dlt645Control control, ReadOnlySpan<byte> data)
    {
        bool meterFits = Meter.IsBroadcast || Meter == answerer || Meter.Means(answerer);
        if (!meterFits || control.Code != Code)
        {
            return false;
        }

        if (control.IsRefusal || Identifier is not { } asked)
        {
            return true;
        }

        if (!Dlt645Identifier.TryRead(Edition, data, out Dlt645Identifier answered) || answered != asked)
        {
            return false;
        }

        bool sequenced = Sequence > 0 && Edition == Dlt645Edition.Y2007;
        return !sequenced || (data.Length > asked.Length && data[^1] == Sequence);
    }
}
