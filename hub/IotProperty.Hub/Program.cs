using IotProperty.Hub.Commands;

return await HubCommandLine.RunAsync(args, Console.Out, Console.Error, TimeProvider.System);
