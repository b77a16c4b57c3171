package config

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"container-signing/internal/hint"
)

func TestRead(t *testing.T) {
	tests := map[string]struct {
		config, environment map[string]string
		want                Config
	}{
		"nothing": {want: Config{Timeout: time.Minute}},
		"environment": {
			environment: map[string]string{
				"EXTERNAL_SIGNER": "/opt/sign -v", "EXTERNAL_CERT_CHAIN": "c.pem", "EXTERNAL_TIMEOUT": "24h",
			},
			want: Config{Signer: []string{"/opt/sign", "-v"}, CertificateChain: "c.pem", Timeout: 24 * time.Hour},
		},
		"config": {
			config: map[string]string{"signer": "sign", "certificate-chain": "my chain.pem", "timeout": "90s"},
			environment: map[string]string{
				"EXTERNAL_SIGNER": "other", "EXTERNAL_CERT_CHAIN": "other", "EXTERNAL_TIMEOUT": "wrong",
			},
			want: Config{Signer: []string{"sign"}, CertificateChain: "my chain.pem", Timeout: 90 * time.Second},
		},
		"each by itself": {
			config:      map[string]string{"signer": "sign"},
			environment: map[string]string{"EXTERNAL_SIGNER": "other", "EXTERNAL_CERT_CHAIN": "c.pem"},
			want:        Config{Signer: []string{"sign"}, CertificateChain: "c.pem", Timeout: time.Minute},
		},
		"quoting": {
			config: map[string]string{"signer": ` "/opt/my signer" 'a $HOME b'  c\ d "e\"f" '' *.pem ~ |`},
			want: Config{
				Signer:  []string{"/opt/my signer", "a $HOME b", "c d", `e"f`, "", "*.pem", "~", "|"},
				Timeout: time.Minute,
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Read(test.config, func(name string) string { return test.environment[name] })
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Signer) == 0 {
				got.Signer = nil
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	tests := map[string]struct {
		config map[string]string
		want   string
	}{
		"unknown key": {map[string]string{"singer": "x"},
			"unknown key \"singer\"\nhint: the known keys are certificate-chain, signer, timeout"},
		"empty":        {map[string]string{"signer": " "}, `"signer" has no value`},
		"single quote": {map[string]string{"signer": "sign 'hunter2"}, "unterminated single-quoted string"},
		"backslash":    {map[string]string{"signer": `sign hunter2\`}, "unterminated backslash-escape"},
		"NUL":          {map[string]string{"signer": "sign hunter2\x00"}, "contains a NUL"},
		"no unit":      {map[string]string{"timeout": "60"}, "write a number and a unit"},
		"zero":         {map[string]string{"timeout": "0s"}, "isn't a positive duration"},
		"overflow":     {map[string]string{"timeout": "9999999h"}, "isn't a positive duration"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Read(test.config, func(string) string { return "" })
			if err == nil {
				t.Fatal("accepted")
			}
			said := hint.Text(err)
			if !strings.Contains(said, test.want) || !strings.Contains(said, "\nhint: ") {
				t.Errorf("got %q, want %q and a hint", said, test.want)
			}
			if strings.Contains(said, "hunter2") {
				t.Errorf("%q repeats an argument", said)
			}
		})
	}
}
