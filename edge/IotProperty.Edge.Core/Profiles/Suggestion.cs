namespace IotProperty.Edge.Profiles;

/// <summary>Finds what somebody probably meant to write.</summary>
public static class Suggestion
{
    /// <summary>The known word nearest to <paramref name="written"/>, or null when none is near enough to be a slip of the hand.</summary>
    public static string? Nearest(string written, IEnumerable<string> known)
    {
        string? best = null;
        int bestDistance = Math.Max(1, Math.Min(3, written.Length / 2)) + 1;
        foreach (string word in known.Order(StringComparer.Ordinal))
        {
            int distance = Distance(written.ToLowerInvariant(), word.ToLowerInvariant());
            if (distance < bestDistance)
            {
                (best, bestDistance) = (word, distance);
            }
        }

        return best;
    }

    /// <summary>"write X" when something is near, else a list of what is known.</summary>
    public static string Mend(string written, IReadOnlyCollection<string> known) =>
        Nearest(written, known) is { } near ? $"did you mean '{near}'?"
        : known.Count == 0 ? "there is none to choose from"
        : $"write one of: {string.Join(", ", known.Order(StringComparer.Ordinal).Take(24))}{(known.Count > 24 ? ", …" : "")}";

    /// <summary>Edit distance where exchanging two neighbours counts once.</summary>
    private static int Distance(string a, string b)
    {
        if (a.Length > 64 || b.Length > 64)
        {
            return int.MaxValue;
        }

        int[,] d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            d[i, 0] = i;
        }

        for (int j = 0; j <= b.Length; j++)
        {
            d[0, j] = j;
        }

        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                d[i, j] = Math.Min(replaced, Math.Min(d[i - 1, j], d[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
                }
            }
        }

        return d[a.Length, b.Length];
    }
}
