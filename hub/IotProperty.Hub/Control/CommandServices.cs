namespace IotProperty.Hub.Control;

/// <summary>Registers the desk where commands are ordered, the key that signs them, and the sender.</summary>
internal static class CommandServices
{
    /// <summary>Asks for the ledger, <see cref="Enrolment.EnrolmentServices.AddEnrolment"/>, a live feed and a way to edges.</summary>
    public static IServiceCollection AddCommands(this IServiceCollection services) => services
        .AddSingleton<CommandKey>()
        .AddSingleton<CommandMeter>()
        .AddSingleton<ICommandDesk, CommandDesk>()
        .AddHostedService<CommandSender>();
}
