using System.Diagnostics;
using System.Runtime.InteropServices;

namespace IvrConsent.TestKit.Sip;

/// <summary>Something that has to be done every 20 ms.</summary>
internal interface IRtpTicked
{
    /// <summary>Called on the clock's own thread: must not block. Numbers only grow, and jump only if the machine stood still.</summary>
    void Tick(long number);
}

/// <summary>
/// The one 20 ms beat of all phones in the process, on a thread of its own ahead of the thread pool. Each beat has a due time
/// counted from the start, so a late one is followed by the missed ones at once and nothing drifts.
/// </summary>
internal sealed class RtpClock
{
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan _forgiven = TimeSpan.FromSeconds(2);

    public static readonly RtpClock Shared = new();

    private readonly object _gate = new();
    private readonly Lock _beat = new();
    private IRtpTicked[] _members = [];
    private bool _started;

    public void Add(IRtpTicked member)
    {
        lock (_gate)
        {
            _members = [.. _members, member];
            Monitor.Pulse(_gate);
            if (!_started)
            {
                _started = true;
                new Thread(Run) { IsBackground = true, Name = "RTP clock", Priority = ThreadPriority.Highest }.Start();
            }
        }
    }

    public void Remove(IRtpTicked member)
    {
        lock (_gate)
        {
            _members = [.. _members.Where(m => m != member)];
        }
    }

    /// <summary>Does something that all members have seen at their next beat, or none.</summary>
    public void BetweenBeats(Action act)
    {
        lock (_beat)
        {
            act();
        }
    }

    private void Run()
    {
        RaiseOwnPriority();
        var started = Stopwatch.GetTimestamp();
        for (long beat = 0; ; beat++)
        {
            var (members, idled) = MembersOnceThereAreAny();
            var behind = Stopwatch.GetElapsedTime(started) - beat * _interval;
            if (behind < TimeSpan.Zero)
            {
                Thread.Sleep(-behind);
            }
            else if (idled || behind > _forgiven)
            {
                // Nobody was there, or the machine stood still: go on from now instead of sending seconds of sound at once.
                beat = (long)(Stopwatch.GetElapsedTime(started) / _interval);
            }

            lock (_beat)
            {
                foreach (var member in members)
                {
                    member.Tick(beat);
                }
            }
        }
    }

    private (IRtpTicked[] Members, bool Idled) MembersOnceThereAreAny()
    {
        lock (_gate)
        {
            var idled = _members.Length == 0;
            while (_members.Length == 0)
            {
                Monitor.Wait(_gate);
            }

            return (_members, idled);
        }
    }

    /// <summary>.NET ignores thread priorities on Linux; there a thread has a nice value of its own (lowering it needs the right to).</summary>
    private static void RaiseOwnPriority()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetPriority(which: 0, who: 0, nice: -15);
        }
    }

    [DllImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetPriority(int which, int who, int nice);
}
