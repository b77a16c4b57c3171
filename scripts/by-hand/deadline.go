package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"container-signing/internal/hint"
)

const (
	// defaultWait is how long to wait where the environment doesn't say it.
	defaultWait = 15 * time.Minute
	// margin is how long before the plugin does a request is given up: then it
	// is this program that says what was waited for.
	margin = time.Second

	raiseTimeout = "raise the plugin's timeout (plugin config key timeout)"
)

// A deadline is when to give up, and the error that says so.
type deadline struct {
	time  time.Time
	cause error
}

// readDeadline returns the earlier of what the user and the plugin say. now
// is the time to count from.
func readDeadline(getenv func(string) string, now time.Time) (deadline, error) {
	user, err := userDeadline(getenv("EXTERNAL_DEADLINE"), now)
	if err != nil {
		return deadline{}, err
	}
	plugin, err := pluginDeadline(getenv("SIGNER_DEADLINE"), now)
	switch {
	case err != nil:
		return deadline{}, err
	case user == nil && plugin == nil:
		return *waitFor(defaultWait, "", now), nil
	case user == nil || plugin != nil && plugin.time.Before(user.time):
		return *plugin, nil
	default:
		return *user, nil
	}
}

// userDeadline returns nil where the user doesn't say it.
func userDeadline(text string, now time.Time) (*deadline, error) {
	if text == "" {
		return nil, nil
	}
	seconds, err := strconv.ParseUint(text, 10, 31)
	if err != nil || seconds == 0 {
		return nil, hint.Add(fmt.Errorf("reading EXTERNAL_DEADLINE: %q isn't a number of seconds", text),
			"set it to a whole number of seconds, at least 1")
	}
	return waitFor(time.Duration(seconds)*time.Second, " (EXTERNAL_DEADLINE)", now), nil
}

func waitFor(wait time.Duration, source string, now time.Time) *deadline {
	return &deadline{now.Add(wait), fmt.Errorf("nobody answered within %v%s", wait, source)}
}

// pluginDeadline returns nil where no plugin says it.
func pluginDeadline(text string, now time.Time) (*deadline, error) {
	if text == "" {
		return nil, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, hint.Add(fmt.Errorf("reading SIGNER_DEADLINE: %q isn't a Unix time", text),
			"leave it to the plugin, which sets it to a Unix time in seconds")
	}
	until := time.Unix(seconds, 0).Add(-margin)
	if !until.After(now) {
		return nil, hint.Add(errors.New("the plugin leaves no time for an answer"), raiseTimeout)
	}
	cause := fmt.Errorf("nobody answered until %s, when the plugin's timeout was near", until.Format(time.RFC1123Z))
	return &deadline{until, hint.Add(cause, raiseTimeout+", if people need longer")}, nil
}
