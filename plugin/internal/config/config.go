// Package config reads the plugin's configuration: the keys that notation
// passes on from --plugin-config and signingkeys.json, and, where those are
// silent, the environment.
package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kballard/go-shellquote"

	"container-signing/internal/hint"
)

// Keys of the plugin configuration, and the environment variables that stand in
// for them.
const (
	KeySigner           = "signer"
	KeyCertificateChain = "certificate-chain"
	KeyTimeout          = "timeout"

	EnvSigner           = "EXTERNAL_SIGNER"
	EnvCertificateChain = "EXTERNAL_CERT_CHAIN"
	EnvTimeout          = "EXTERNAL_TIMEOUT"
)

// DefaultTimeout is how long a signer may take where nobody says otherwise.
const DefaultTimeout = 60 * time.Second

var variables = map[string]string{
	KeySigner:           EnvSigner,
	KeyCertificateChain: EnvCertificateChain,
	KeyTimeout:          EnvTimeout,
}

// Config says how to sign.
type Config struct {
	// Signer is the signer's program and its arguments, or empty where none is
	// configured: describing a key needs none.
	Signer []string
	// CertificateChain is the path of the file that holds the certificate chain.
	CertificateChain string
	// Timeout is how long the signer may take. It is positive.
	Timeout time.Duration
}

// Read takes each setting from pluginConfig or else from the environment, which
// getenv looks up and in which an empty variable is an unset one. An unknown
// key, an empty value, an unclosed quote and a timeout that isn't a positive
// duration are errors.
func Read(pluginConfig map[string]string, getenv func(string) string) (Config, error) {
	for _, key := range slices.Sorted(maps.Keys(pluginConfig)) {
		if _, known := variables[key]; !known {
			return Config{}, hint.Add(fmt.Errorf("reading plugin config: unknown key %q", key),
				"the known keys are %s", strings.Join(slices.Sorted(maps.Keys(variables)), ", "))
		}
		if strings.TrimSpace(pluginConfig[key]) == "" {
			return Config{}, hint.Add(fmt.Errorf("reading plugin config: key %q has no value", key),
				"give it one, or leave it out to use %s from the environment", variables[key])
		}
	}
	get := func(key string) setting {
		if value, ok := pluginConfig[key]; ok {
			return setting{"plugin config key " + key, value}
		}
		return setting{"environment variable " + variables[key], getenv(variables[key])}
	}
	signer, err := get(KeySigner).words()
	if err != nil {
		return Config{}, err
	}
	timeout, err := get(KeyTimeout).duration(DefaultTimeout)
	if err != nil {
		return Config{}, err
	}
	return Config{Signer: signer, CertificateChain: get(KeyCertificateChain).value, Timeout: timeout}, nil
}

// setting is a value and the place that it came from, for errors.
type setting struct {
	source, value string
}

// words splits the value as a shell does, but expands nothing. The error
// doesn't repeat the value: an argument may be a secret.
func (s setting) words() ([]string, error) {
	words, err := shellquote.Split(s.value)
	if err != nil {
		return nil, hint.Add(fmt.Errorf("reading %s: %s", s.source, strings.ToLower(err.Error())),
			"close the quote, or quote the quote character")
	}
	if strings.ContainsRune(s.value, 0) {
		return nil, hint.Add(fmt.Errorf("reading %s: it contains a NUL", s.source), "leave it out")
	}
	if len(words) > 0 && words[0] == "" {
		return nil, hint.Add(fmt.Errorf("reading %s: the first word, the signer's program, is empty", s.source),
			"write the program's name or path first")
	}
	return words, nil
}

func (s setting) duration(unset time.Duration) (time.Duration, error) {
	if s.value == "" {
		return unset, nil
	}
	duration, err := time.ParseDuration(s.value)
	if err != nil || duration <= 0 {
		return 0, hint.Add(fmt.Errorf("reading %s: %q isn't a positive duration", s.source, s.value),
			"write a number and a unit, such as 90s, 15m or 24h")
	}
	return duration, nil
}

// MissingError says that a setting is needed and how to give it.
func MissingError(key, meaning string) error {
	return hint.Add(fmt.Errorf("no %s", strings.ReplaceAll(key, "-", " ")),
		"name %s with --plugin-config %s=… or with the environment variable %s", meaning, key, variables[key])
}
