namespace IotProperty.Simulators.World;

/// <summary>Faults of the fire-pump set.</summary>
[Flags]
public enum FirePumpFault
{
    None = 0,

    /// <summary>A burst main: both pumps together hold about 0.23 MPa, below the 0.35 MPa of GB 50974-2014 §7.4.12.</summary>
    PressureLow = 1 << 0,

    /// <summary>A leak eight times the usual one: the jockey pump starts far too often.</summary>
    Leak = 1 << 1,

    /// <summary>The jockey pump does not start.</summary>
    JockeyFailed = 1 << 2,

    /// <summary>The main pump does not start.</summary>
    MainFailed = 1 << 3,

    /// <summary>The pressure sensor repeats its last value.</summary>
    SensorStuck = 1 << 4,
}

/// <summary>
/// The pressure loop of a wet fire main. A small leak lets the pressure sink from the jockey pump's stop pressure to its start pressure in about a minute; the main
/// pump comes in when the jockey pump cannot hold it.
/// </summary>
public sealed class FirePumpSet(double tickS)
{
    public const double JockeyStartMpa = 0.55;
    public const double JockeyStopMpa = 0.62;
    public const double MainStartMpa = 0.48;
    public const double MainStopMpa = 0.62;

    private const double MainLeastRunS = 3;
    private const double LeakMpaPerS = 0.0012;
    private const double BurstMpaPerS = 0.25;
    private const double JockeyMpaPerS = 0.020;
    private const double JockeyShutOffMpa = 0.75;
    private const double MainMpaPerS = 0.15;
    private const double MainShutOffMpa = 0.85;

    private double _sensorMpa = 0.60;
    private double _mainRunS;
    private double _jockeyTotalS;
    private double _mainTotalS;

    public FirePumpFault Active { get; set; }

    /// <summary>What is in the pipe.</summary>
    public double PressureMpa { get; private set; } = 0.60;

    /// <summary>What the sensor says.</summary>
    public double SensorMpa => _sensorMpa;

    public bool JockeyRuns { get; private set; }

    public bool MainRuns { get; private set; }

    public uint JockeyStarts { get; private set; }

    public uint MainStarts { get; private set; }

    public double JockeyRunHours => _jockeyTotalS / 3600;

    public double MainRunHours => _mainTotalS / 3600;

    /// <summary>Whether the controller reports a common fault: a pump was called for and does not run.</summary>
    public bool CommonFault { get; private set; }

    /// <summary>Sets the history that a pump set of some age shows.</summary>
    public void SetHistory(uint jockeyStarts, uint mainStarts, double jockeyRunHours, double mainRunHours) =>
        (JockeyStarts, MainStarts, _jockeyTotalS, _mainTotalS) = (jockeyStarts, mainStarts, jockeyRunHours * 3600, mainRunHours * 3600);

    public void Tick()
    {
        Control();
        double outflow = LeakMpaPerS * (Active.HasFlag(FirePumpFault.Leak) ? 8 : 1);
        if (Active.HasFlag(FirePumpFault.PressureLow))
        {
            outflow += BurstMpaPerS;
        }

        double change = -outflow * Math.Sqrt(PressureMpa / 0.6);
        change += JockeyRuns ? Delivery(JockeyMpaPerS, JockeyShutOffMpa) : 0;
        change += MainRuns ? Delivery(MainMpaPerS, MainShutOffMpa) : 0;
        PressureMpa = Math.Max(0, PressureMpa + (change * tickS));
        if (!Active.HasFlag(FirePumpFault.SensorStuck))
        {
            _sensorMpa = PressureMpa;
        }

        _jockeyTotalS += JockeyRuns ? tickS : 0;
        _mainTotalS += MainRuns ? tickS : 0;
        _mainRunS = MainRuns ? _mainRunS + tickS : 0;
    }

    /// <summary>Less the nearer the pressure is to the pump's shut-off head.</summary>
    private double Delivery(double mostMpaPerS, double shutOffMpa) => mostMpaPerS * Math.Max(0, 1 - Math.Pow(PressureMpa / shutOffMpa, 2));

    private void Control()
    {
        // The controller knows only what its sensor says.
        bool wantJockey = _sensorMpa <= JockeyStartMpa || (JockeyRuns && _sensorMpa < JockeyStopMpa);
        bool wantMain = _sensorMpa <= MainStartMpa || (MainRuns && (_sensorMpa < MainStopMpa || _mainRunS < MainLeastRunS));
        bool jockey = wantJockey && !Active.HasFlag(FirePumpFault.JockeyFailed);
        bool main = wantMain && !Active.HasFlag(FirePumpFault.MainFailed);
        JockeyStarts += jockey && !JockeyRuns ? 1u : 0;
        MainStarts += main && !MainRuns ? 1u : 0;
        CommonFault = wantJockey != jockey || wantMain != main;
        (JockeyRuns, MainRuns) = (jockey, main);
    }
}
