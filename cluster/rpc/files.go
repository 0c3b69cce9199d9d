package rpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// ask is the method by which nodes ask for the files of a run. What questions
// and answers are is the business of who calls Files and Ask; neither may be
// larger than maxMessage.
const ask = "/ballast.files.v1.Files/Ask"

// answerer answers questions about files.
type answerer func(ctx context.Context, question []byte) ([]byte, error)

// Files has questions about files answered at this port. An error of answer is
// told the asking node, as text. It panics after Serve.
func (s *Server) Files(answer func(ctx context.Context, question []byte) ([]byte, error)) {
	s.Register(func(r grpc.ServiceRegistrar) {
		r.RegisterService(&grpc.ServiceDesc{
			ServiceName: "ballast.files.v1.Files",
			HandlerType: (*any)(nil),
			Methods:     []grpc.MethodDesc{{MethodName: "Ask", Handler: answerer(answer).serve}},
			Metadata:    "cluster/rpc/files.go",
		}, s)
	})
}

// Ask sends a question about files to the node at addr and returns its answer.
func (s *Server) Ask(ctx context.Context, addr string, question []byte) ([]byte, error) {
	return s.call(ctx, addr, ask, question)
}

func (a answerer) serve(srv any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
	question := new(wrapperspb.BytesValue)
	if err := decode(question); err != nil {
		return nil, err
	}
	call := func(ctx context.Context, question any) (any, error) {
		b, err := a(ctx, question.(*wrapperspb.BytesValue).GetValue())
		if err != nil {
			return nil, status.Error(codes.FailedPrecondition, err.Error())
		}
		return wrapperspb.Bytes(b), nil
	}
	if intercept == nil {
		return call(ctx, question)
	}
	return intercept(ctx, question, &grpc.UnaryServerInfo{Server: srv, FullMethod: ask}, call)
}
