# The worker as a container image. README of config/compose says how it is run; tests/lab/container builds and tries it
# where there is no container engine.
#
#   docker build -t ivrconsent .
#
# Both base images may be others, as long as the second has the ASP.NET Core runtime 10 and apt-get.
ARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0
ARG RUNTIME_IMAGE=mcr.microsoft.com/dotnet/aspnet:10.0

# --- Build -------------------------------------------------------------------------------------------------------------
FROM ${SDK_IMAGE} AS build
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 NUGET_PACKAGES=/packages
WORKDIR /source

# What the restore depends on, alone, so that a change of the code does not download everything again.
COPY .editorconfig global.json Directory.Build.props Directory.Packages.props ./
COPY src/IvrConsent.Core/*.csproj src/IvrConsent.Core/packages.lock.json src/IvrConsent.Core/
COPY src/IvrConsent.Asterisk/*.csproj src/IvrConsent.Asterisk/packages.lock.json src/IvrConsent.Asterisk/
COPY src/IvrConsent.Storage/*.csproj src/IvrConsent.Storage/packages.lock.json src/IvrConsent.Storage/
COPY src/IvrConsent.Host/*.csproj src/IvrConsent.Host/packages.lock.json src/IvrConsent.Host/

# First exactly what the lock files say. Compiling ahead of time (ReadyToRun) needs a second restore, for one kind of
# machine, which the lock files do not know: it may add the compiler and the framework's own files, and nothing else.
ARG TARGETARCH
RUN set -eu; \
    case "${TARGETARCH:-$(uname -m)}" in \
      amd64 | x86_64) rid=linux-x64 ;; \
      arm64 | aarch64) rid=linux-arm64 ;; \
      *) echo "no .NET runtime for ${TARGETARCH:-$(uname -m)}" >&2; exit 1 ;; \
    esac; \
    echo "$rid" >/rid; \
    dotnet restore src/IvrConsent.Host --locked-mode; \
    ls -d /packages/*/* | sort >/tmp/locked; \
    dotnet restore src/IvrConsent.Host -r "$rid" -p:PublishReadyToRun=true -p:NuGetLockFilePath=obj/packages.lock.json; \
    ls -d /packages/*/* | sort >/tmp/restored; \
    if comm -13 /tmp/locked /tmp/restored | \
      grep -vE '^/packages/microsoft\.(netcore\.app\.(crossgen2|runtime|host)|aspnetcore\.app\.runtime)\.'; then \
      echo "these packages are in no lock file" >&2; exit 1; \
    fi

COPY src/ src/
# Built into the program: what a project takes from outside of src.
COPY config/jurisdictions.yaml config/
RUN dotnet publish src/IvrConsent.Host -c Release -r "$(cat /rid)" --no-self-contained --no-restore -o /publish \
      -p:PublishReadyToRun=true -p:NuGetLockFilePath=obj/packages.lock.json \
      -p:DebugType=embedded -p:PublishDocumentationFiles=false -p:PublishReferencesDocumentationFiles=false && \
    rm -f /publish/*.staticwebassets.endpoints.json

# --- Image -------------------------------------------------------------------------------------------------------------
FROM ${RUNTIME_IMAGE} AS worker

# SoX turns prompts of any kind into what the PBX plays. Without the Kerberos library, which the base image lacks, the
# PostgreSQL client complains on every start in the middle of the log.
RUN apt-get update && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      sox libsox-fmt-base libsox-fmt-mp3 libgssapi-krb5-2 && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log /var/cache/debconf/*-old && \
    groupadd --gid 10001 ivrconsent && \
    useradd --uid 10001 --gid 10001 --home-dir /var/lib/ivrconsent --no-create-home --shell /usr/sbin/nologin ivrconsent && \
    install -d -o ivrconsent -g ivrconsent -m 0750 /var/lib/ivrconsent && \
    install -d -o root -g ivrconsent -m 0750 /etc/ivrconsent && \
    ln -s /opt/ivrconsent/ivrconsent /usr/local/bin/ivrconsent

COPY prompts/ /usr/share/ivrconsent/prompts/
COPY config/ /usr/share/ivrconsent/config/
COPY --from=build /publish/ /opt/ivrconsent/

# DOTNET_EnableDiagnostics=0: no diagnostics pipe in /tmp, through which the memory could be read, and nothing to write
# there. ASPNETCORE_HTTP_PORTS is emptied because the settings file says where to listen.
ENV DOTNET_EnableDiagnostics=0 \
    DOTNET_CLI_TELEMETRY_OPTOUT=1 \
    ASPNETCORE_HTTP_PORTS= \
    HOME=/var/lib/ivrconsent

# By number: an orchestrator that insists on a user other than root can see that it is one.
USER 10001:10001
WORKDIR /var/lib/ivrconsent
VOLUME ["/var/lib/ivrconsent", "/etc/ivrconsent"]
EXPOSE 8090
STOPSIGNAL SIGTERM
# Alive, not ready for calls: some orchestrators end what is unhealthy, and a worker that waits for its PBX or database needs
# a look, not an end. config/compose, where nothing is ended, asks whether it is ready.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
  CMD ["ivrconsent", "health", "--live", "--config", "/etc/ivrconsent/ivrconsent.yaml"]
ENTRYPOINT ["ivrconsent"]
CMD ["serve", "--config", "/etc/ivrconsent/ivrconsent.yaml"]
