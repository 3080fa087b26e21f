using IvrConsent.Storage.Prompts;

namespace IvrConsent.Host.Api;

/// <summary>Serves prompts to the PBX under the SHA-256 of their content, so an address never changes its meaning.</summary>
internal static class PromptEndpoint
{
    public static void MapPrompts(this IEndpointRouteBuilder routes) => routes.MapGet("/prompts/{file}", Serve);

    private static async Task Serve(HttpContext context, PromptStore store)
    {
        if (!store.TryGetFile(context.Request.RouteValues["file"] as string, out var audio))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var headers = context.Response.Headers;
        headers.CacheControl = PromptDownload.CacheControl;
        headers.ETag = PromptDownload.ETag(audio.Sha256);
        if (context.Request.Headers.IfNoneMatch.Contains(PromptDownload.ETag(audio.Sha256)))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = PromptDownload.ContentType(audio.Wideband);
        context.Response.ContentLength = audio.Content.Length;
        await context.Response.Body.WriteAsync(audio.Content, context.RequestAborted);
    }
}
