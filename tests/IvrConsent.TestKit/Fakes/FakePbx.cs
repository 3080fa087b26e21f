using System.Threading.Channels;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Notices;
using IvrConsent.Core.Recordings;

namespace IvrConsent.TestKit.Fakes;

/// <summary>What goes wrong in a scripted call, and where.</summary>
public sealed record FakeFaults
{
    /// <summary>Number of the playback (from 1) that fails; 0: none.</summary>
    public int FailPlayback { get; init; }

    /// <summary>How: refused at once, never-started, broken-off in the middle, cut but called completed, or fetched: called started, and failed only when it is to stop.</summary>
    public string FailPlaybackHow { get; init; } = "refused";

    public bool PrepareFails { get; init; }

    public bool StartFails { get; init; }

    public bool SetVariablesFails { get; init; }

    public bool ContinueFails { get; init; }

    public bool AnswerFails { get; init; }

    public bool PauseFails { get; init; }

    public bool ResumeFails { get; init; }

    public bool StopFails { get; init; }

    /// <summary>The PBX says that it deleted a recording, and has it still.</summary>
    public bool DeleteFails { get; init; }

    /// <summary>So many whispers ride on no sound: played to nobody.</summary>
    public int WhispersUnheard { get; init; }

    public bool WhisperFails { get; init; }

    /// <summary>Length of the file relative to what was recorded; 1: as it must be.</summary>
    public double FileLength { get; init; } = 1;

    public bool FileMissing { get; init; }
}

/// <summary>A PBX in memory, on simulated time.</summary>
public sealed class FakePbx(TimeProvider time, string name = "fake") : IPbx
{
    public string Name => name;

    public PbxHealth Health => new(true, default, "fake");

    public List<FakeCall> Waiting { get; } = [];

    public Dictionary<CallId, FakeCall> InDialplan { get; } = [];

    public List<LiveRecording> Live { get; } = [];

    public Dictionary<string, StoredRecording> Stored { get; } = [];

    /// <summary>A new call on this PBX.</summary>
    public FakeCall Ring(string called = "100", string? line = null, string? caller = "+48221234501", FakeFaults? faults = null) =>
        new(this, time, new CallArrival(CallId.FromChannel(name, Guid.NewGuid().ToString(), time.GetUtcNow()), name, "ch", line, called, caller, time.GetUtcNow()), faults ?? new FakeFaults());

    public Task RunAsync(ICallHandler handler, CancellationToken cancel) => Task.Delay(Timeout.InfiniteTimeSpan, time, cancel);

    public Task<IReadOnlyList<ICall>> FindWaitingCallsAsync(CancellationToken cancel) => Task.FromResult<IReadOnlyList<ICall>>([.. Waiting]);

    public Task<ICall?> ReattachAsync(CallArrival arrival, CancellationToken cancel) =>
        Task.FromResult<ICall?>(InDialplan.GetValueOrDefault(arrival.Id));

    public Task<IReadOnlyList<LiveRecording>> FindLiveRecordingsAsync(CancellationToken cancel) => Task.FromResult<IReadOnlyList<LiveRecording>>([.. Live]);

    public Task<StoredRecording?> FindStoredRecordingAsync(string name, CancellationToken cancel) => Task.FromResult(Stored.GetValueOrDefault(name));

    /// <summary>Wraps the bytes of a recording that is read: to let it break.</summary>
    public Func<string, Stream, Stream> Reading { get; set; } = (_, stream) => stream;

    public Task<Stream?> OpenStoredRecordingAsync(string name, CancellationToken cancel) =>
        Task.FromResult(Stored.TryGetValue(name, out var stored) ? Reading(name, new MemoryStream(Wav(stored))) : null);

    public Task<IReadOnlyList<string>> ListStoredRecordingsAsync(CancellationToken cancel) => Task.FromResult<IReadOnlyList<string>>([.. Stored.Keys]);

    /// <summary>The file of a recording: a head and a sawtooth.</summary>
    public static byte[] Wav(StoredRecording stored)
    {
        var bytes = new byte[stored.Bytes];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(i % 251);
        }

        return bytes;
    }

    /// <summary>Recordings that do not go away when they are deleted.</summary>
    public HashSet<string> Undeletable { get; } = [];

    /// <summary>Done when a recording is to be deleted, before it is.</summary>
    public Func<string, Task> Deleting { get; set; } = _ => Task.CompletedTask;

    public async Task DeleteStoredRecordingAsync(string name, CancellationToken cancel)
    {
        await Deleting(name);
        _ = Undeletable.Contains(name) || Stored.Remove(name);
    }
}

/// <summary>One scripted call.</summary>
public sealed class FakeCall : ICall
{
    private readonly FakePbx _pbx;
    private readonly TimeProvider _time;
    private readonly FakeFaults _faults;
    private readonly CancellationTokenSource _gone = new();
    private readonly TaskCompletionSource<CallDeparture> _departed = new();
    private readonly Channel<DigitPress> _digits = Channel.CreateBounded<DigitPress>(64);
    private readonly Channel<CallSignal> _signals = Channel.CreateBounded<CallSignal>(64);
    private readonly List<FakePlayback> _playing = [];
    private int _playbacks;
    private int _whispers;

    public FakeCall(FakePbx pbx, TimeProvider time, CallArrival arrival, FakeFaults faults)
    {
        (_pbx, _time, _faults, Arrival) = (pbx, time, faults, arrival);
    }

    public CallArrival Arrival { get; }

    public CancellationToken Gone => _gone.Token;

    public Task<CallDeparture> Departed => _departed.Task;

    public ChannelReader<DigitPress> Digits => _digits.Reader;

    public ChannelReader<CallSignal> Signals => _signals.Reader;

    /// <summary>Every order, in order: "answer", "play pl/notice", "record", "variables …", "continue", "hangup".</summary>
    public List<string> Orders { get; } = [];

    /// <summary>Called at the moment in which a recording starts or goes on.</summary>
    public Action? Writes { get; set; }

    /// <summary>The last recording.</summary>
    public FakeRecording? Recording { get; private set; }

    /// <summary>All recordings, in order.</summary>
    public List<FakeRecording> Recordings { get; } = [];

    public bool InDialplan { get; private set; }

    public bool HungUpByUs { get; private set; }

    /// <summary>The last limit of the dead man's switch.</summary>
    public TimeSpan? HeldAtMost { get; private set; }

    public void Press(char digit) => _digits.Writer.TryWrite(new DigitPress(digit, _time.GetUtcNow()));

    /// <summary>The dialplan sets a variable.</summary>
    public void Signal(string variable, string value) => _signals.Writer.TryWrite(new CallSignal(variable, value, _time.GetUtcNow()));

    public void HangUp() => Depart(DepartureKind.HungUp);

    public void LosePbx() => Depart(DepartureKind.PbxLost);

    /// <summary>As the dead man's switch does; a recording goes on.</summary>
    public void TakeBack() => Depart(DepartureKind.TakenBack);

    public async Task AnswerAsync(CancellationToken cancel)
    {
        await OrderAsync("answer", _faults.AnswerFails, cancel);
    }

    public void HoldAtMost(TimeSpan limit) => HeldAtMost = limit;

    public async Task<IPlayback> PlayAsync(Prompt prompt, CancellationToken cancel)
    {
        var fails = ++_playbacks == _faults.FailPlayback;
        await OrderAsync($"play {prompt.Language}/{prompt.Name}", fails && _faults.FailPlaybackHow == "refused", cancel);
        var playback = new FakePlayback(prompt, _time, fails ? _faults.FailPlaybackHow : null);
        _playing.Add(playback);
        playback.Run();
        return playback;
    }

    public async Task<IRecording> PrepareRecordingAsync(RecordingRequest request, CancellationToken cancel)
    {
        await OrderAsync("prepare", _faults.PrepareFails, cancel);
        Recording = new FakeRecording(this, _pbx, _time, request, _faults);
        Recordings.Add(Recording);
        if (_faults.DeleteFails)
        {
            _pbx.Undeletable.Add(request.Name);
        }

        return Recording;
    }

    public async Task<Whisper> WhisperAsync(Prompt prompt, bool toBoth, CancellationToken cancel)
    {
        await OrderAsync($"whisper {prompt.Language}/{prompt.Name}{(toBoth ? " to both" : "")}", _faults.WhisperFails, cancel);
        var start = _time.GetUtcNow();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, Gone);
        await Task.Delay(prompt.Length, _time, either.Token);
        var heard = ++_whispers > _faults.WhispersUnheard;
        return new Whisper(heard, prompt.Sha256, start, heard ? null : "no sound went to the caller meanwhile");
    }

    public Task SetVariablesAsync(IReadOnlyList<KeyValuePair<string, string>> variables, CancellationToken cancel) =>
        OrderAsync("variables " + string.Join(' ', variables.Select(pair => $"{pair.Key}={pair.Value}")), _faults.SetVariablesFails, cancel);

    public async Task ContinueAsync(DialplanTarget? target, CancellationToken cancel)
    {
        await OrderAsync(target is null ? "continue" : $"continue {target.Context},{target.Extension},{target.Priority}", _faults.ContinueFails, cancel);
        InDialplan = true;
    }

    public async Task HangUpAsync(CancellationToken cancel)
    {
        await OrderAsync("hangup", false, cancel);
        HungUpByUs = true;
        HangUp();
    }

    internal async Task OrderAsync(string order, bool fails, CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, Gone);
        await Task.Delay(TimeSpan.FromMilliseconds(1), _time, either.Token);
        Orders.Add(order);
        if (fails)
        {
            throw new PbxException($"The PBX refused: {order}");
        }
    }

    private void Depart(DepartureKind kind)
    {
        if (_departed.Task.IsCompleted)
        {
            return;
        }

        foreach (var playback in _playing)
        {
            playback.End(PlaybackResult.CallGone);
        }

        if (kind == DepartureKind.HungUp)
        {
            Recordings.ForEach(recording => recording.EndWithCall());
        }

        _departed.SetResult(new CallDeparture(kind, _time.GetUtcNow(), kind == DepartureKind.HungUp ? 16 : null));
        _gone.Cancel();
        _digits.Writer.TryComplete();
        _signals.Writer.TryComplete();
    }
}

/// <summary>A playback on simulated time.</summary>
public sealed class FakePlayback(Prompt prompt, TimeProvider time, string? fault) : IPlayback
{
    private readonly TaskCompletionSource<DateTimeOffset?> _started = new();
    private readonly TaskCompletionSource<PlaybackEnd> _ended = new();

    public string Sha256 => prompt.Sha256;

    public Task<DateTimeOffset?> Started => _started.Task;

    public Task<PlaybackEnd> Ended => _ended.Task;

    public async Task StopAsync(CancellationToken cancel)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(2), time, cancel);
        End(fault == "fetched" ? PlaybackResult.Failed : PlaybackResult.Stopped);
    }

    internal async void Run()
    {
        await Task.Delay(TimeSpan.FromMilliseconds(5), time);
        if (fault == "never-started")
        {
            End(PlaybackResult.Failed);
            return;
        }

        _started.TrySetResult(time.GetUtcNow());
        await Task.Delay(fault is null ? prompt.Length : prompt.Length / 2, time);
        End(fault == "broken-off" ? PlaybackResult.Failed : PlaybackResult.Completed);
    }

    internal void End(PlaybackResult result)
    {
        var start = _started.Task.IsCompleted ? _started.Task.Result : null;
        _started.TrySetResult(null);
        _ended.TrySetResult(new PlaybackEnd(result, start, start is null ? TimeSpan.Zero : time.GetUtcNow() - start.Value));
    }
}

/// <summary>A recording on simulated time: its file has the length of what was recorded, unless scripted otherwise.</summary>
public sealed class FakeRecording(FakeCall call, FakePbx pbx, TimeProvider time, RecordingRequest request, FakeFaults faults) : IRecording
{
    private readonly TaskCompletionSource<RecordingEnd> _ended = new();

    public string Name => request.Name;

    public Task<RecordingEnd> Ended => _ended.Task;

    public DateTimeOffset? StartedAt { get; private set; }

    public bool Discarded { get; private set; }

    public async Task<DateTimeOffset> StartAsync(CancellationToken cancel)
    {
        await call.OrderAsync("record", faults.StartFails, cancel);
        StartedAt = time.GetUtcNow();
        call.Writes?.Invoke();
        return StartedAt.Value;
    }

    /// <summary>When it was paused and resumed, in turn.</summary>
    public List<DateTimeOffset> Pauses { get; } = [];

    public bool PauseIsSilence => RecordingNames.IsStereo(Name);

    public bool IsPaused => Pauses.Count % 2 == 1;

    public bool IsWriting => StartedAt is not null && !IsPaused && !_ended.Task.IsCompleted;

    public async Task StopAsync(CancellationToken cancel)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(1), time, cancel);
        if (faults.StopFails && !_ended.Task.IsCompleted)
        {
            throw new PbxException("The PBX did not report the end.");
        }

        EndWithCall();
    }

    public Task PauseAsync(CancellationToken cancel) => TurnAsync("pause", faults.PauseFails, cancel);

    public Task ResumeAsync(CancellationToken cancel) => TurnAsync("resume", faults.ResumeFails, cancel);

    private async Task TurnAsync(string order, bool fails, CancellationToken cancel)
    {
        await call.OrderAsync(order, fails, cancel);
        Pauses.Add(time.GetUtcNow());
        if (!IsPaused)
        {
            call.Writes?.Invoke();
        }
    }

    public async Task DiscardAsync(CancellationToken cancel)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(1), time, cancel);
        Discarded = true;
        _ended.TrySetResult(new RecordingEnd(false, null, StartedAt, time.GetUtcNow()));
    }

    /// <summary>As when the call it listens to ends.</summary>
    public void EndWithCall()
    {
        var now = time.GetUtcNow();
        if (StartedAt is { } start && !faults.FileMissing && !_ended.Task.IsCompleted)
        {
            var paused = TimeSpan.Zero;
            for (var i = 0; i < Pauses.Count && !PauseIsSilence; i += 2)
            {
                paused += (i + 1 < Pauses.Count ? Pauses[i + 1] : now) - Pauses[i];
            }

            var length = (now - start - paused) * faults.FileLength;
            pbx.Stored[Name] = new StoredRecording(Name, 44 + (long)(length.TotalSeconds * 16000), length);
        }

        _ended.TrySetResult(new RecordingEnd(false, null, StartedAt, now));
    }
}
