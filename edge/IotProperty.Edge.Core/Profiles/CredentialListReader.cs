using System.Collections.Immutable;
using System.Globalization;

namespace IotProperty.Edge.Profiles;

/// <summary>Reads <c>access</c> and the credential list that it names. Card numbers never appear in a mistake.</summary>
internal sealed class CredentialListReader(
    ReferencedFile? file,
    Dictionary<string, (SourcePosition At, DeviceConfiguration? Device)> devices,
    TimeZoneInfo? zone)
{
    private readonly Dictionary<string, int> _ids = [];
    private readonly Dictionary<ulong, int> _cards = [];

    public ImmutableArray<CredentialConfiguration> Read(MappingReader site)
    {
        MappingReader? access = site.Mapping("access", "'access'");
        string? name = access?.Text("credentials", "name the file that lists who may pass which door");
        access?.Finish();
        if (name is null || file is null)
        {
            return [];
        }

        if (file.Source is null)
        {
            access!.AddAt("credentials", file.Problem, "write the list of credentials into this file");
            return [];
        }

        return ReadList(file.Source, site.Mistakes);
    }

    private ImmutableArray<CredentialConfiguration> ReadList(SourceText source, List<ConfigurationMistake> mistakes)
    {
        YamlMapping? tree = YamlTree.Read(source, mistakes);
        if (tree is null)
        {
            return [];
        }

        MappingReader list = new(tree, "a credential list", mistakes);
        ImmutableArray<CredentialConfiguration>.Builder credentials = ImmutableArray.CreateBuilder<CredentialConfiguration>();
        foreach (YamlNode item in list.Items("credentials", "write credentials: and below it one '- { id: …, card: …, doors: [ … ] }' for each"))
        {
            if (list.Mapping(item, "a credential") is { } credential && ReadCredential(credential) is { } read)
            {
                credentials.Add(read);
            }
        }

        list.Finish();
        return credentials.ToImmutable();
    }

    private CredentialConfiguration? ReadCredential(MappingReader credential)
    {
        string? id = credential.Id("id", "write id: a name for the credential that is not its number");
        if (id is not null && !_ids.TryAdd(id, credential.Optional("id")!.At.Line))
        {
            credential.AddAt("id", $"credential '{id}' is already in line {_ids[id]}", "give each credential its own id");
        }

        ulong? card = ReadCard(credential);
        ImmutableArray<string> doors = [.. credential.Items("doors", "write doors: [ … ], the devices that the credential opens").Select(door => ReadDoor(credential, door)).OfType<string>()];
        DateOnly? from = ReadDate(credential, "from");
        DateOnly? to = ReadDate(credential, "to");
        bool blocked = credential.Flag("blocked") ?? false;
        credential.Finish();
        if (from >= to)
        {
            credential.AddAt("to", "the credential ends before it begins", "'to' is the first day on which it is no longer valid: write a later day than 'from'");
        }

        return id is null || card is null
            ? null
            : new CredentialConfiguration(id, card.Value, doors, StartOfDayMs(from), StartOfDayMs(to), blocked);
    }

    private ulong? ReadCard(MappingReader credential)
    {
        string? text = credential.Text("card", "write the card's number in decimal digits, as readers report it");
        if (text is null)
        {
            return null;
        }

        if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong card) || card == 0)
        {
            credential.AddAt("card", "the card's number is not a positive decimal number", "write its digits, as readers report it");
            return null;
        }

        if (!_cards.TryAdd(card, credential.Optional("card")!.At.Line))
        {
            credential.AddAt("card", $"this card is already in line {_cards[card]}", "one card is one credential: join the two");
        }

        return card;
    }

    private string? ReadDoor(MappingReader credential, YamlNode door)
    {
        if (door is not YamlScalar { Text.Length: > 0 } name)
        {
            credential.Add(door.At, "a door must be named", "write the device's id");
            return null;
        }

        if (!devices.TryGetValue(name.Text, out (SourcePosition At, DeviceConfiguration? Device) entry))
        {
            string[] doors = [.. devices.Where(d => d.Value.Device is { Profile.Access: not null }).Select(d => d.Key)];
            credential.Add(door.At, $"there is no door '{MappingReader.Bounded(name.Text)}'", Suggestion.Mend(name.Text, doors));
            return null;
        }

        if (entry.Device is { Profile.Access: null } other)
        {
            credential.Add(door.At, $"device '{name.Text}' is a {DeviceKinds.Name(other.Profile.Kind)} without an 'access' part in its profile", "name a door or gate");
            return null;
        }

        return name.Text;
    }

    private static DateOnly? ReadDate(MappingReader credential, string key)
    {
        string? text = credential.Text(key);
        if (text is null)
        {
            return null;
        }

        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly date))
        {
            return date;
        }

        credential.AddAt(key, $"'{key}' is '{MappingReader.Bounded(text)}'", "write a day as 2026-01-31");
        return null;
    }

    private long? StartOfDayMs(DateOnly? day) => day is null || zone is null ? null : SiteClock.StartOfDayMs(zone, day.Value);
}
