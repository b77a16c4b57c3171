package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// requests is where the supervisor is asked for something: by a connection, on
// which a request and an answer are one JSON value each.
const requests = "requests"

// What the supervisor can be asked to do.
const (
	restart           = "restarting containerd and kubelet"
	restartWithDropIn = "restarting containerd with a drop-in"
	diagnose          = "asking the image verifier's doctor"
)

// A request is what the supervisor is to do.
type request struct {
	Do     string
	DropIn string // for restartWithDropIn
}

// An answer says how it went.
type answer struct {
	// Error is empty if all went well.
	Error     string
	Diagnosis Diagnosis // for diagnose
}

// ask asks the supervisor of the node in dir, and returns when it has answered.
func ask(ctx context.Context, dir string, what request) (got answer, err error) {
	sockets, err := openSockets(dir)
	if err != nil {
		return got, err
	}
	defer sockets.Close()
	connection, err := sockets.dialer(requests)()
	if err != nil {
		return got, fmt.Errorf("%s: reaching the node: %w", what.Do, err)
	}
	defer connection.Close()
	// The end of the context ends the wait for the answer.
	stop := context.AfterFunc(ctx, func() { _ = connection.SetDeadline(time.Now()) })
	defer stop()
	if err = json.NewEncoder(connection).Encode(what); err == nil {
		err = json.NewDecoder(connection).Decode(&got)
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil && got.Error != "" {
		err = errors.New(got.Error)
	}
	if err != nil {
		return got, fmt.Errorf("%s: %w", what.Do, err)
	}
	return got, nil
}
