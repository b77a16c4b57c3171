// Package cri pulls images by the Container Runtime Interface, as kubelet does.
//
// It speaks gRPC itself, over the HTTP/2 of net/http: containerd starts the
// program that this is part of for each pull, and the libraries for gRPC and its
// messages would double its size and make each start a third longer.
package cri

import (
	"context"
	"fmt"
	"net"
	"net/http"
)

// A Client is connected with a container runtime.
type Client struct{ http *http.Client }

// Open returns a client of the runtime that serves a Unix socket. Nothing is
// sent before the first call.
func Open(socket string) *Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	return &Client{&http.Client{Transport: &http.Transport{Protocols: protocols, DialContext: dial}}}
}

// Close ends the connection.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Version returns the runtime's name, such as "containerd", and its version.
func (c *Client) Version(ctx context.Context) (name, version string, err error) {
	answer, err := c.call(ctx, "RuntimeService/Version", nil)
	if err != nil {
		return "", "", err
	}
	const nameField, versionField = 2, 3
	return answer.first(nameField), answer.first(versionField), nil
}

// Pull pulls an image.
func (c *Client) Pull(ctx context.Context, reference string) error {
	_, err := c.call(ctx, "ImageService/PullImage", imageRequest(reference))
	return err
}

// Remove removes an image with all its names. It is no error if there is none.
func (c *Client) Remove(ctx context.Context, reference string) error {
	_, err := c.call(ctx, "ImageService/RemoveImage", imageRequest(reference))
	return err
}

// Names returns all tags and digests by which the node has an image; none if it
// hasn't.
func (c *Client) Names(ctx context.Context, reference string) ([]string, error) {
	answer, err := c.call(ctx, "ImageService/ImageStatus", imageRequest(reference))
	if err != nil {
		return nil, err
	}
	const imageField, tagsField, digestsField = 1, 2, 3
	image := fields{}
	if err := image.parse([]byte(answer.first(imageField))); err != nil {
		return nil, fmt.Errorf("reading what the node has of image %q: %w", reference, err)
	}
	return append(image[tagsField], image[digestsField]...), nil
}
