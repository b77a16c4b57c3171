package main_test

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"container-signing/internal/pki"
)

// checkJudgeRefuses judges by what isn't the cluster's. That has to be noticed
// before anything is created.
func checkJudgeRefuses(s *stage, c *clusterCommand) {
	s.fail(s.judging("--kubeconfig", c.kubeconfig, "--server", c.address, "--await", c.address+"/readyz"),
		"asking at "+c.address+"/readyz whether the cluster is ready", "certificate signed by unknown authority")
	nowhere := "https://" + freeAddress(s.t)
	for folder, server := range map[string]string{"nowhere": nowhere, "stranger": c.address} {
		s.do("credentials", "--output", s.in(folder), "--server", server)
	}
	impostor := startImpostor(s.t)
	own := string(readFile(s.t, c.kubeconfig))
	writeFile(s.t, s.in("elsewhere"), strings.ReplaceAll(own, "https://cluster.test:", "https://elsewhere.test:"))
	authority := regexp.MustCompile(`certificate-authority-data: .*`)
	writeFile(s.t, s.in("unknown-user"),
		authority.ReplaceAllString(string(readFile(s.t, s.in("stranger/kubeconfig"))), authority.FindString(own)))
	for name, one := range map[string]struct {
		kubeconfig, server, at, because string
	}{
		"server that isn't there":        {c.kubeconfig, nowhere, nowhere, "connection refused"},
		"kubeconfig that points nowhere": {s.in("nowhere/kubeconfig"), "", nowhere, "connection refused"},
		"kubeconfig of another authority": {
			s.in("stranger/kubeconfig"), "", c.address, "certificate signed by unknown authority",
		},
		"kubeconfig of another user": {s.in("unknown-user"), "", c.address, "Unauthorized"},
		"kubeconfig of another name": {s.in("elsewhere"), c.address, c.address, "not elsewhere.test"},
		"server with another certificate": {
			c.kubeconfig, impostor.URL, impostor.URL, "certificate signed by unknown authority",
		},
	} {
		s.t.Run(name, func(t *testing.T) {
			s := s.on(t)
			s.fail(s.judging("--kubeconfig", one.kubeconfig, "--server", one.server),
				`reaching the API server of the kubeconfig "`+one.kubeconfig+`" at `+one.at, one.because, "the cluster has to be ready, and the kubeconfig its own")
		})
	}
}

// startImpostor starts a server whose certificate names the cluster, and is of
// another authority.
func startImpostor(t *testing.T) *httptest.Server {
	t.Helper()
	authority, err := pki.NewAuthority("cluster", "EC-256")
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.NewServer("kube-apiserver", "cluster.test")
	if err != nil {
		t.Fatal(err)
	}
	impostor := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the impostor has been asked something")
	}))
	impostor.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate.X509.Raw},
		PrivateKey: certificate.Key}}}
	impostor.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshake that has to fail
	impostor.StartTLS()
	t.Cleanup(impostor.Close)
	return impostor
}
