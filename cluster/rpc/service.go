package rpc

import (
	"context"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	remote "google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The service has one method, from bytes to bytes: the messages, their sizes
// and their signatures are the business of package cluster. It is written by
// hand because a generated one would say no more.
const exchange = "/ballast.cluster.v1.Cluster/Exchange"

var service = grpc.ServiceDesc{
	ServiceName: "ballast.cluster.v1.Cluster",
	HandlerType: (*exchanger)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Exchange", Handler: serveExchange}},
	Metadata:    "cluster/rpc/service.go",
}

type exchanger interface {
	exchange(ctx context.Context, req *wrapperspb.BytesValue) (*wrapperspb.BytesValue, error)
}

func serveExchange(srv any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
	req := new(wrapperspb.BytesValue)
	if err := decode(req); err != nil {
		return nil, err
	}
	call := func(ctx context.Context, req any) (any, error) {
		return srv.(exchanger).exchange(ctx, req.(*wrapperspb.BytesValue))
	}
	if intercept == nil {
		return call(ctx, req)
	}
	return intercept(ctx, req, &grpc.UnaryServerInfo{Server: srv, FullMethod: exchange}, call)
}

// exchange gives the message to the node.
func (s *Server) exchange(ctx context.Context, req *wrapperspb.BytesValue) (*wrapperspb.BytesValue, error) {
	from := "unknown"
	if p, ok := remote.FromContext(ctx); ok {
		from = p.Addr.String()
	}
	answer, err := (*s.handler.Load())(ctx, from, req.GetValue())
	switch {
	case err == nil:
		return wrapperspb.Bytes(answer), nil
	case ctx.Err() != nil:
		return nil, status.FromContextError(ctx.Err()).Err()
	default:
		return nil, status.Error(codes.FailedPrecondition, err.Error())
	}
}

// recoverUnary turns a panic of a handler into an error of that call.
func (s *Server) recoverUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (answer any, err error) {
	defer s.recovered(info.FullMethod, &err)
	return next(ctx, req)
}

// recoverStream turns a panic of a handler into an error of that stream.
func (s *Server) recoverStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
	defer s.recovered(info.FullMethod, &err)
	return next(srv, stream)
}

// recovered stops a panic. The caller learns nothing but that it happened.
func (s *Server) recovered(method string, err *error) {
	if p := recover(); p != nil {
		s.log.Error().Str("method", method).Interface("panic", p).Bytes("stack", debug.Stack()).Msg("a handler panicked")
		*err = status.Error(codes.Internal, "internal error")
	}
}
