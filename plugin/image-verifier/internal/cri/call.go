package cri

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// A StatusError is what a runtime answers a call with that it doesn't fulfil.
type StatusError struct {
	Code    int // of gRPC
	Message string
}

// Unimplemented is the code of a service that the runtime doesn't have.
const Unimplemented = 12

func (e StatusError) Error() string { return e.Message }

// answerLimit bounds what is read of an answer, in bytes.
const answerLimit = 4 << 20

// frameHeader is the length of what is before a message: whether it is
// compressed, and its length (gRPC over HTTP2, Length-Prefixed-Message).
const frameHeader = 5

// call makes one call of gRPC, and returns the fields of the answer. Its errors
// of the runtime's own are of type StatusError.
func (c *Client) call(ctx context.Context, method string, message []byte) (fields, error) {
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://runtime/runtime.v1."+method,
		bytes.NewReader(append(frame, message...)))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("TE", "trailers")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, causeOf(ctx, err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err != nil {
		return nil, causeOf(ctx, err)
	}
	if err := statusOf(response); err != nil {
		return nil, err
	}
	if len(content) < frameHeader || int(binary.BigEndian.Uint32(content[1:])) != len(content)-frameHeader {
		return nil, fmt.Errorf("reading the answer to %s: it isn't one message of gRPC", method)
	}
	answer := fields{}
	if err := answer.parse(content[frameHeader:]); err != nil {
		return nil, fmt.Errorf("reading the answer to %s: %w", method, err)
	}
	return answer, nil
}

// causeOf leaves out of an error which URL was asked: it is none that a person
// knows.
func causeOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if asking := new(url.Error); errors.As(err, &asking) {
		return asking.Err
	}
	return err
}

// statusOf returns the status of a call that went wrong. An answer without a
// body has it among its headers.
func statusOf(response *http.Response) error {
	said := response.Trailer
	if said.Get("Grpc-Status") == "" {
		said = response.Header
	}
	code, err := strconv.Atoi(said.Get("Grpc-Status"))
	if err != nil {
		return fmt.Errorf("it doesn't speak gRPC: %s", response.Status)
	}
	if code == 0 {
		return nil
	}
	message, err := url.PathUnescape(said.Get("Grpc-Message"))
	if err != nil {
		message = said.Get("Grpc-Message")
	}
	return StatusError{code, message}
}
