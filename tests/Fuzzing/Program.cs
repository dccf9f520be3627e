using System.CommandLine;
using System.Globalization;
using IotProperty.Fuzzing;
using IotProperty.Fuzzing.Hub;
using IotProperty.Protocols.Tests.Fuzzing;

// The hub's doors stand behind the codecs, and only here.
IFuzzedCodec[] all = [.. FuzzedCodecs.All, new FuzzedIngest(), new FuzzedFrontDoor()];

Option<long> inputs = new("--inputs") { Description = "How many inputs each codec gets.", DefaultValueFactory = _ => 1_000_000 };
Option<ulong> seed = new("--seed") { Description = "Which inputs: the same seed makes the same ones.", DefaultValueFactory = _ => 1 };
Option<long> from = new("--from") { Description = "The number of the first input, to try again what a failure named." };
Option<string[]> codecs = new("--codec")
{
    Description = $"Only these: {string.Join(", ", all.Select(codec => codec.Name))}.",
    Arity = ArgumentArity.ZeroOrMore,
    AllowMultipleArgumentsPerToken = true,
};
RootCommand command = new(
    "Puts random and mutated bytes through every codec, the hub's ingest and its front door, and watches for exceptions, endless work and growing allocation.\n\nExit codes: 0 nothing found; 1 a failure, named with seed and input; 2 bad usage.")
{
    inputs, seed, from, codecs,
};

command.SetAction((parsed, cancellationToken) =>
{
    string[] wanted = parsed.GetValue(codecs) ?? [];
    if (wanted.FirstOrDefault(name => all.All(codec => codec.Name != name)) is { } unknown)
    {
        Console.Error.WriteLine($"no codec is named '{unknown}'; --help lists them");
        return Task.FromResult(2);
    }

    IFuzzedCodec[] chosen = [.. all.Where(codec => wanted.Length == 0 || wanted.Contains(codec.Name))];
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {parsed.GetValue(seed)}, {parsed.GetValue(inputs)} inputs a codec"));
    Console.WriteLine(FuzzTable.Head);
    bool found = false;
    foreach (IFuzzedCodec codec in chosen)
    {
        FuzzResult result = new FuzzWatch(codec, parsed.GetValue(seed), TimeProvider.System).Run(parsed.GetValue(from), parsed.GetValue(inputs), cancellationToken);
        Console.WriteLine(FuzzTable.Row(result));
        if (result.Failure is not null)
        {
            Console.Error.WriteLine(result.Failure);
            found = true;
        }
    }

    return Task.FromResult(found ? 1 : 0);
});

ParseResult result = command.Parse(args);
int exitCode = await result.InvokeAsync();
foreach (IDisposable door in all.OfType<IDisposable>())
{
    door.Dispose();
}

return result.Errors.Count > 0 ? 2 : exitCode;
