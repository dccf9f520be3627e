using System.Diagnostics.CodeAnalysis;

namespace IotProperty.Hub;

/// <summary>Why a request that is not a mistake of the program was refused.</summary>
public enum RefusalKind : byte
{
    /// <summary>The record that the request names does not exist.</summary>
    NotFound,

    /// <summary>The request contradicts what is recorded: an id is taken, a period is billed already, a state does not allow the step.</summary>
    Conflict,

    /// <summary>The request itself cannot be carried out; every reason is listed at once.</summary>
    Invalid,

    /// <summary>The request is right, and the hub is not set up for it or cannot do it now.</summary>
    Unavailable,
}

/// <summary>One reason of a refusal.</summary>
/// <param name="Code">Stable and language-neutral, for programs and for translation: <c>reading.missing</c>.</param>
/// <param name="Detail">For people, in English: names the place and, where there is one, the mend.</param>
public readonly record struct Reason(string Code, string Detail)
{
    public override string ToString() => Detail;
}

/// <summary>An expected refusal as a value.</summary>
public sealed record Refusal(RefusalKind Kind, IReadOnlyList<Reason> Reasons)
{
    public static Refusal NotFound(string what, string id) => new(RefusalKind.NotFound, [new Reason("not-found", $"there is no {what} '{id}'")]);

    public static Refusal Conflict(string code, string detail) => new(RefusalKind.Conflict, [new Reason(code, detail)]);

    public static Refusal Invalid(IReadOnlyList<Reason> reasons) => new(RefusalKind.Invalid, reasons);

    public static Refusal Invalid(string code, string detail) => new(RefusalKind.Invalid, [new Reason(code, detail)]);

    public static Refusal Unavailable(string code, string detail) => new(RefusalKind.Unavailable, [new Reason(code, detail)]);

    public override string ToString() => $"{Kind}: {string.Join("; ", Reasons)}";
}

/// <summary>What was asked for, or why it was refused. Exactly one of the two is there.</summary>
[SuppressMessage("Usage", "CA2225:Operator overloads have named alternates", Justification = "Value and Refusal are named by their properties; the operators only spare ceremony at a return.")]
public readonly record struct Result<T>
    where T : class
{
    private Result(T? value, Refusal? refusal)
    {
        Value = value;
        Refusal = refusal;
    }

    public T? Value { get; }

    public Refusal? Refusal { get; }

    [MemberNotNullWhen(true, nameof(Value))]
    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool Succeeded => Refusal is null;

    public static implicit operator Result<T>(T value) => new(value, null);

    public static implicit operator Result<T>(Refusal refusal) => new(null, refusal);
}
