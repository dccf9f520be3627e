using IotProperty.Simulators.CommandLine;

return await SimulatorCommands.RunAsync(args);
