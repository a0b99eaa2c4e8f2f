package participant

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

var background = context.Background()

// Client is what the drivers of Go's SDK ask of a client of either store.
type Client interface {
	PutObject(ctx context.Context, bucket, key string, data []byte) error
	ObjectExists(ctx context.Context, bucket, key string) (bool, error)
	GetObject(ctx context.Context, bucket, key string) ([]byte, error)
	Describe() map[string]string
}

// NewClient makes the client of a store, s3 or gcs. The credentials of S3 are in the environment.
func NewClient(store, endpoint string) Client {
	if store == "gcs" {
		return gcsClient{endpoint}
	}
	id, secret := os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	return s3Client{s3.New(s3.Options{
		BaseEndpoint: &endpoint,
		Region:       "us-east-1",
		UsePathStyle: true,
		Credentials:  credentials.NewStaticCredentialsProvider(id, secret, ""),
	})}
}

type s3Client struct{ *s3.Client }

func (c s3Client) Describe() map[string]string { return nil }

func (c s3Client) PutObject(ctx context.Context, bucket, key string, data []byte) error {
	_, err := c.Client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(data)})
	return err
}

func (c s3Client) ObjectExists(ctx context.Context, bucket, key string) (bool, error) {
	_, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	var missing *types.NotFound
	if errors.As(err, &missing) {
		return false, nil
	}
	return err == nil, err
}

func (c s3Client) GetObject(ctx context.Context, bucket, key string) ([]byte, error) {
	object, err := c.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, err
	}
	defer object.Body.Close()
	return io.ReadAll(object.Body)
}

// gcsClient speaks the JSON API to a server without accounts.
type gcsClient struct{ endpoint string }

func (c gcsClient) Describe() map[string]string { return nil }

func (c gcsClient) PutObject(ctx context.Context, bucket, key string, data []byte) error {
	path := fmt.Sprintf("/upload/storage/v1/b/%s/o?uploadType=media&name=%s", bucket, url.QueryEscape(key))
	_, err := c.ask(ctx, http.MethodPost, path, data)
	return err
}

func (c gcsClient) ObjectExists(ctx context.Context, bucket, key string) (bool, error) {
	_, err := c.ask(ctx, http.MethodGet, objectPath(bucket, key), nil)
	if errors.Is(err, errNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (c gcsClient) GetObject(ctx context.Context, bucket, key string) ([]byte, error) {
	return c.ask(ctx, http.MethodGet, objectPath(bucket, key)+"?alt=media", nil)
}

func objectPath(bucket, key string) string {
	return fmt.Sprintf("/storage/v1/b/%s/o/%s", bucket, url.PathEscape(key))
}

var errNotFound = errors.New("404 Not Found")

func (c gcsClient) ask(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.endpoint+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		return io.ReadAll(response.Body)
	case http.StatusNotFound:
		return nil, errNotFound
	default:
		return nil, errors.New(response.Status)
	}
}
