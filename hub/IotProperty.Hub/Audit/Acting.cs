namespace IotProperty.Hub.Audit;

/// <summary>
/// On whose behalf the code runs that is now at work: set once where a request or a command begins, and read where the ledger is written, so that no room in
/// between has to hand it on, or could forget to. What nobody set is the hub's own doing. Flows with the calls that follow, awaited ones included.
/// </summary>
internal static class Acting
{
    private static readonly AsyncLocal<Actor?> Now = new();

    public static Actor Current => Now.Value ?? Actor.Hub;

    public static void As(Actor actor) => Now.Value = actor;
}
