using IvrConsent.Core.Access;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace IvrConsent.Host.Api;

/// <summary>What the OpenAPI document says beyond the endpoints: who we are, and how a key is sent.</summary>
internal static class ApiDocument
{
    private const string Scheme = "api_key";

    public static void Describe(OpenApiOptions options)
    {
        options.ShouldInclude = _ => true;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "IvrConsent",
                Version = "v1",
                Description = $"Recording consent for telephone calls. Keys are made with ivrconsent apikeys create; their scopes: {string.Join(", ", ApiScopes.All)}. Every error is application/problem+json (RFC 9457).",
            };
            document.Servers = [];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes[Scheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "Authorization: Bearer ivrc_…" };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<RequiredScope>().FirstOrDefault() is { } required)
            {
                operation.Description = $"Needs a key with the scope {required.Scope}.";
                operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] }];
            }

            return Task.CompletedTask;
        });
    }
}
