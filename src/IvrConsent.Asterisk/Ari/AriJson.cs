using System.Text.Json.Serialization;

namespace IvrConsent.Asterisk.Ari;

/// <summary>The bodies that we read or write beside the events; unknown members are passed over.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(AriTimestampConverter)])]
[JsonSerializable(typeof(AriError))]
[JsonSerializable(typeof(AriInfo))]
[JsonSerializable(typeof(AriApplication))]
[JsonSerializable(typeof(AriApplication[]))]
[JsonSerializable(typeof(AriChannel))]
[JsonSerializable(typeof(AriLog[]))]
[JsonSerializable(typeof(AriModule[]))]
[JsonSerializable(typeof(AriVariable))]
[JsonSerializable(typeof(AriVariables))]
[JsonSerializable(typeof(AriFilter))]
[JsonSerializable(typeof(AriPing))]
[JsonSerializable(typeof(AriSetting[]))]
[JsonSerializable(typeof(AriThing[]))]
[JsonSerializable(typeof(AriRtpStatistics))]
[JsonSerializable(typeof(AriLiveRecording))]
[JsonSerializable(typeof(AriStoredRecording[]))]
internal sealed partial class AriJson : JsonSerializerContext;

/// <summary>Asterisk says <c>message</c> where a handler refused, <c>error</c> where the request never got to one.</summary>
internal sealed record AriError(string? Message, string? Error)
{
    [JsonIgnore]
    public string? Text => Message ?? Error;
}

internal sealed record AriInfo(AriInfoSystem? System);

internal sealed record AriInfoSystem(string? Version);

internal sealed record AriApplication(string? Name, IReadOnlyList<string>? ChannelIds);

internal sealed record AriChannel(string? Id, string? State, DateTimeOffset? Creationtime, AriCaller? Caller, AriDialplan? Dialplan);

internal sealed record AriCaller(string? Number);

internal sealed record AriDialplan(string? Context, string? Exten, string? AppName, string? AppData);

internal sealed record AriLog(string? Channel, string? Type, string? Status, string? Configuration);

internal sealed record AriModule(string? Name, string? Description, string? Status);

internal sealed record AriVariable(string? Value);

internal sealed record AriVariables(IReadOnlyDictionary<string, string> Variables);

internal sealed record AriFilter(IReadOnlyList<AriFilterType> Allowed);

internal sealed record AriFilterType(string Type);

internal sealed record AriPing(DateTimeOffset? Timestamp);

internal sealed record AriSetting(string? Attribute, string? Value);

/// <summary>Packets sent to the channel's far end and received from there, since the call began.</summary>
internal sealed record AriRtpStatistics(long? Txcount, long? Rxcount);

internal sealed record AriLiveRecording(string? State);

internal sealed record AriStoredRecording(string? Name);

/// <summary>A bridge or a channel.</summary>
internal sealed record AriThing(string? Id, DateTimeOffset? Creationtime);
