using IotProperty.Simulators.World;

namespace IotProperty.SystemTests.Chaos.Faults;

/// <summary>Damages the store of an edge that is dead, as a power cut in the midst of a write does: the newest page is half written, lost, or something else.</summary>
public static class StoreTear
{
    private const int PageBytes = 4096;

    /// <returns>What was done, in words.</returns>
    public static string Apply(string folder, int pick, double amount)
    {
        SeededRandom random = new(pick, "tear");
        string[] files = [.. new[] { "outbox.db-wal", "outbox.db" }.Select(f => Path.Combine(folder, f)).Where(f => File.Exists(f) && new FileInfo(f).Length > PageBytes)];
        if (files.Length == 0)
        {
            return "nothing is there to tear";
        }

        string path = files[random.Below(files.Length)];
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite);
        long length = file.Length;
        int torn = 1 + (int)(amount * (PageBytes - 1));
        string name = Path.GetFileName(path);
        switch (random.Below(3))
        {
            case 0:
                file.SetLength(length - torn);
                return $"{name} lost its last {torn} of {length} bytes";
            case 1:
                file.Position = length - torn;
                file.Write(new byte[torn]);
                return $"the last {torn} of {length} bytes of {name} are zero";
            default:
                byte[] noise = new byte[torn];
                for (int i = 0; i < noise.Length; i++)
                {
                    noise[i] = (byte)random.Below(256);
                }

                file.Position = length - torn;
                file.Write(noise);
                return $"the last {torn} of {length} bytes of {name} are noise";
        }
    }
}
