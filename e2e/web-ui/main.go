// Command web-ui is a later Temporal Web UI than the dev server's own, which neither refreshes
// tokens nor downloads external payloads. With an issuer it has a login, for which `temporal server
// start-dev` has no flags.
package main

import (
	"flag"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

func main() {
	temporal := flag.String("temporal", "", "host and port of the Temporal server")
	listen := flag.String("listen", "", "host and port to listen on")
	codec := flag.String("codec", "", "https endpoint of the codec server, which gets the access token of a login")
	refusal := flag.String("refusal", "", "what a person reads when the codec server refuses")
	issuer := flag.String("issuer", "", "URL of the identity provider; without it there is no login")
	client := flag.String("client", "", "id of the client at the identity provider")
	secret := flag.String("secret", "", "secret of that client")
	flag.Parse()

	login := *issuer != ""
	host, digits, err := net.SplitHostPort(*listen)
	if err != nil {
		panic(err)
	}
	port, err := strconv.Atoi(digits)
	if err != nil {
		panic(err)
	}
	ui := server.NewServer(server_options.WithConfigProvider(&config.Config{
		TemporalGRPCAddress: *temporal,
		Host:                host,
		Port:                port,
		EnableUI:            true,
		DefaultNamespace:    "default",
		DisableNewsFetch:    true,
		// On loopback there is no TLS.
		CORS:  config.CORS{CookieInsecure: true},
		Codec: config.Codec{Endpoint: *codec, PassAccessToken: login, DefaultErrorMessage: *refusal},
		Auth: config.Auth{Enabled: login, Providers: []config.AuthProvider{{
			Label:        "login",
			Type:         "oidc",
			ProviderURL:  *issuer,
			ClientID:     *client,
			ClientSecret: *secret,
			Scopes:       []string{"openid", "profile", "email"},
			CallbackURL:  "http://" + *listen + "/auth/sso/callback",
		}}},
	}))
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-stop
		ui.Stop()
	}()
	if err := ui.Start(); err != nil {
		panic(err)
	}
}
