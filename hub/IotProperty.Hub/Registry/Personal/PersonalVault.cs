using IotProperty.Hub.Audit;
using IotProperty.Hub.Commands;
using IotProperty.Hub.Storage;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Registry.Personal;

/// <summary>A key that the ledger's texts are encrypted with, as the ledger knows it: its id and a text by which it is recognised.</summary>
public sealed record PersonalKeyRow(string Id, long CreatedMs, string Proof);

/// <summary>
/// Personal data of the ledger: occupants' names, telephone and ID numbers, encrypted on their way in. <see cref="StartAsync"/> comes before anybody reads. The first
/// key is made when the first text is to be encrypted; from then on the ledger knows by what its keys are recognised, so that a hub with another file, or none,
/// is refused at its start and overwrites nothing. Safe on any task.
/// </summary>
public sealed class PersonalVault(Ledger ledger, LedgerDatabase database, PersonalKeys keys) : IHostedService, IDisposable
{
    private const string Table = "occupant";
    private const int ChunkRows = 500;

    private readonly PersonalSeal _seal = new(keys);
    private readonly PersonalMarks _marks = new(keys);
    private readonly SemaphoreSlim _making = new(1, 1);
    private string _registered = "";

    /// <summary>Checks the file against the ledger, and encrypts and marks what an older program left plain or without a mark, or an earlier key encrypted.</summary>
    /// <exception cref="UsageException">The file is missing, wrong or of another ledger.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        List<PersonalKeyRow> known = await ledger.ReadAsync(db => db.Set<PersonalKeyRow>().ToListAsync(cancellationToken), cancellationToken);
        foreach (PersonalKeyRow row in known)
        {
            Recognise(row);
        }

        if (await ledger.ReadAsync(db => db.Set<Occupant>().AnyAsync(cancellationToken), cancellationToken))
        {
            await ResealAsync(cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _making.Dispose();

    /// <summary>Before a write that closes texts: there is a key, and the ledger knows it.</summary>
    public async Task EnsureKeyAsync(CancellationToken cancellationToken)
    {
        await _making.WaitAsync(cancellationToken);
        try
        {
            if (!keys.Exists)
            {
                if (await ledger.ReadAsync(db => db.Set<PersonalKeyRow>().AnyAsync(cancellationToken), cancellationToken))
                {
                    _ = keys.Current;
                }

                keys.Add();
            }

            PersonalKey current = keys.Current;
            if (_registered != current.Id)
            {
                await RegisterAsync(current, cancellationToken);
                _registered = current.Id;
            }
        }
        finally
        {
            _making.Release();
        }
    }

    /// <summary>Encrypts the person's texts for their row; the id is final.</summary>
    public Occupant Close(Occupant occupant)
    {
        ArgumentNullException.ThrowIfNull(occupant);
        return occupant with
        {
            Name = _seal.Close(occupant.Name, Table, occupant.Id, "name"),
            Phone = _seal.Close(occupant.Phone, Table, occupant.Id, "phone"),
            IdNumber = _seal.Close(occupant.IdNumber, Table, occupant.Id, "id_number"),
            NameMark = _marks.OfName(occupant.Name),
            PhoneMark = _marks.OfPhone(occupant.Phone),
        };
    }

    /// <summary>The person as they are.</summary>
    /// <exception cref="PersonalDataException">A text is not what was encrypted for it.</exception>
    public Occupant Open(Occupant occupant)
    {
        ArgumentNullException.ThrowIfNull(occupant);
        return occupant with
        {
            Name = _seal.Open(occupant.Name, Table, occupant.Id, "name"),
            Phone = _seal.Open(occupant.Phone, Table, occupant.Id, "phone"),
            IdNumber = _seal.Open(occupant.IdNumber, Table, occupant.Id, "id_number"),
            NameMark = "",
            PhoneMark = "",
        };
    }

    /// <summary>The marks of rows whose name or telephone number is this text, whichever of the keys made them; null when it holds neither letter nor digit.</summary>
    public (IReadOnlyList<string> Names, IReadOnlyList<string> Phones)? Wanted(string text)
    {
        // Nobody is registered yet, and there is nothing to find.
        if (!keys.Exists)
        {
            return PersonalMarks.NormaliseName(text).Length > 0 ? ([], []) : null;
        }

        (IReadOnlyList<string> names, IReadOnlyList<string> phones) = (_marks.WantedNames(text), _marks.WantedPhones(text));
        return names.Count + phones.Count > 0 ? (names, phones) : null;
    }

    /// <summary>Makes a new key and encrypts everything with it. Returns the key and how many people were encrypted anew. Broken off, the next start goes on.</summary>
    public async Task<(PersonalKey Key, int Occupants)> RotateAsync(CancellationToken cancellationToken)
    {
        await EnsureKeyAsync(cancellationToken);
        PersonalKey added = keys.Add();
        await ledger.WriteAsync(
            change =>
            {
                change.Audit(AuditAction.KeyRotated, "personal-key", added.Id, "");
                return Task.FromResult(true);
            },
            cancellationToken);
        return (added, await ResealAsync(cancellationToken));
    }

    /// <summary>Brings every row under the current key; what is there already is left alone. Returns how many were changed.</summary>
    private async Task<int> ResealAsync(CancellationToken cancellationToken)
    {
        await EnsureKeyAsync(cancellationToken);
        bool anyPlain = false;
        int done = 0;
        while (true)
        {
            int changed = await ledger.WriteAsync(
                async change =>
                {
                    string current = _seal.CurrentPrefix;
                    string mark = _marks.CurrentPrefix;
                    List<Occupant> due = await change.Db.Set<Occupant>()
                        .Where(o => !o.Name.StartsWith(current) || (o.Phone != "" && !o.Phone.StartsWith(current)) || (o.IdNumber != "" && !o.IdNumber.StartsWith(current))
                            || !o.NameMark.StartsWith(mark) || (o.Phone != "" && !o.PhoneMark.StartsWith(mark)))
                        .OrderBy(o => o.Id)
                        .Take(ChunkRows)
                        .ToListAsync(change.CancellationToken);
                    foreach (Occupant occupant in due)
                    {
                        bool plain = !IsClosed(occupant.Name);
                        anyPlain |= plain;
                        await change.UpdateAsync(Close(plain ? occupant : Open(occupant)));
                    }

                    return due.Count;
                },
                cancellationToken);
            done += changed;
            if (changed < ChunkRows)
            {
                break;
            }
        }

        if (anyPlain)
        {
            await database.ScrubAsync(Table, cancellationToken);
        }

        return done;
    }

    private static bool IsClosed(string text) => text.StartsWith(PersonalSeal.Prefix, StringComparison.Ordinal);

    private void Recognise(PersonalKeyRow row)
    {
        if (keys.Find(row.Id) is null)
        {
            throw new UsageException(
                $"{keys.File}: does not hold the key {row.Id}, with which personal data of {database.Name} is encrypted — put the right file there, from a backup or from another hub on this ledger; nothing was changed");
        }

        try
        {
            _ = _seal.Open(row.Proof, "personal_key", row.Id, "proof");
        }
        catch (PersonalDataException wrong)
        {
            throw new UsageException(
                $"{keys.File}: the key {row.Id} is not the one with which personal data of {database.Name} is encrypted ({wrong.Message}) — put the right file there; nothing was changed");
        }
    }

    private async Task RegisterAsync(PersonalKey key, CancellationToken cancellationToken)
    {
        string proof = _seal.Close("recognised", "personal_key", key.Id, "proof");
        await ledger.WriteAsync(
            async change =>
            {
                List<PersonalKeyRow> known = await change.Db.Set<PersonalKeyRow>().ToListAsync(change.CancellationToken);
                foreach (PersonalKeyRow row in known)
                {
                    Recognise(row);
                }

                if (known.TrueForAll(row => row.Id != key.Id))
                {
                    await change.InsertAsync(new PersonalKeyRow(key.Id, change.NowMs, proof));
                }

                return true;
            },
            cancellationToken);
    }
}
