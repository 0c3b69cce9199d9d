package fuselint

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math"
)

// rule applies the package's rule to one package.
type rule struct {
	fset  *token.FileSet
	info  *types.Info
	found []Finding

	// Of the declaration at hand, by the text of the expression: what is
	// added or subtracted, and the products assigned to it.
	summed map[string]bool
	stored map[string][]ast.Node
}

func (r *rule) decl(d ast.Decl) {
	r.summed, r.stored = make(map[string]bool), make(map[string][]ast.Node)
	var stack []ast.Node
	ast.Inspect(d, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		switch n := n.(type) {
		case *ast.BinaryExpr:
			r.binary(n, stack)
		case *ast.AssignStmt:
			r.assign(n)
		}
		stack = append(stack, n)
		return true
	})
	// In the order of the source, not of the map.
	ast.Inspect(d, func(n ast.Node) bool {
		for key, products := range r.stored {
			if !r.summed[key] {
				continue
			}
			for _, p := range products {
				if p == n {
					r.report(n, "is kept in "+key+", which is added to or subtracted")
				}
			}
		}
		return true
	})
}

// binary looks at one operator: sums note their operands, products their user.
func (r *rule) binary(n *ast.BinaryExpr, stack []ast.Node) {
	switch {
	case !r.isFloat(n):
	case n.Op == token.ADD || n.Op == token.SUB:
		r.sum(n.X)
		r.sum(n.Y)
	case n.Op == token.MUL && !r.exact(n.X, n.Y) && !r.isConst(n):
		r.product(n, stack)
	}
}

func (r *rule) assign(n *ast.AssignStmt) {
	switch n.Tok {
	case token.ADD_ASSIGN, token.SUB_ASSIGN:
		if r.isFloat(n.Lhs[0]) {
			r.sum(n.Lhs[0])
			r.sum(n.Rhs[0])
		}
	case token.MUL_ASSIGN:
		if r.isFloat(n.Lhs[0]) && !r.exact(n.Rhs[0]) {
			r.store(n.Lhs[0], n)
		}
	}
}

func (r *rule) sum(e ast.Expr) { r.summed[types.ExprString(bare(e))] = true }

func (r *rule) store(to ast.Expr, product ast.Node) {
	key := types.ExprString(bare(to))
	r.stored[key] = append(r.stored[key], product)
}

// product finds who uses n: the first node up the stack that is neither a
// parenthesis nor a sign.
func (r *rule) product(n *ast.BinaryExpr, stack []ast.Node) {
	var child ast.Node = n
	for i := len(stack) - 1; i >= 0; i-- {
		switch p := stack[i].(type) {
		case *ast.ParenExpr, *ast.UnaryExpr:
			child = p
			continue
		case *ast.BinaryExpr:
			if p.Op == token.ADD || p.Op == token.SUB {
				r.report(n, "is an operand of "+p.Op.String())
			}
		case *ast.AssignStmt:
			r.assigned(n, child, p)
		case *ast.ValueSpec:
			for j, v := range p.Values {
				if v == child {
					r.store(p.Names[j], n)
				}
			}
		case *ast.ReturnStmt:
			r.report(n, "is returned, and inlining may add it to something,")
		case *ast.CompositeLit, *ast.KeyValueExpr:
			r.report(n, "is kept in a composite value")
		case *ast.CallExpr:
			if r.mayInline(p, child) {
				r.report(n, "is an argument, and inlining may add it to something,")
			}
		}
		return
	}
}

func (r *rule) assigned(n *ast.BinaryExpr, child ast.Node, p *ast.AssignStmt) {
	if p.Tok == token.ADD_ASSIGN || p.Tok == token.SUB_ASSIGN {
		r.report(n, "is an operand of "+p.Tok.String())
		return
	}
	if p.Tok != token.ASSIGN && p.Tok != token.DEFINE {
		return // *= and /= are products themselves
	}
	for j, v := range p.Rhs {
		if v == child {
			r.store(p.Lhs[j], n)
		}
	}
}

// mayInline tells whether arg is a float argument of a function whose body the
// compiler could put in place of the call: not a conversion, a built-in, or a
// function of package math.
func (r *rule) mayInline(call *ast.CallExpr, arg ast.Node) bool {
	tv := r.info.Types[call.Fun]
	sig, ok := tv.Type.(*types.Signature)
	if !ok || tv.IsType() || tv.IsBuiltin() {
		return false
	}
	if sel, ok := bare(call.Fun).(*ast.SelectorExpr); ok {
		if obj := r.info.Uses[sel.Sel]; obj != nil && obj.Pkg() != nil && obj.Pkg().Path() == "math" {
			return false
		}
	}
	for j, a := range call.Args {
		if a != arg {
			continue
		}
		t := sig.Params().At(min(j, sig.Params().Len()-1)).Type()
		if s, ok := t.(*types.Slice); ok && sig.Variadic() {
			t = s.Elem()
		}
		return floating(t)
	}
	return false
}

func (r *rule) report(n ast.Node, why string) {
	text := "the product"
	switch n := n.(type) {
	case ast.Expr:
		text = types.ExprString(n)
	case *ast.AssignStmt:
		text = types.ExprString(n.Lhs[0]) + " *= " + types.ExprString(n.Rhs[0])
	}
	r.found = append(r.found, Finding{Pos: r.fset.Position(n.Pos()), Expr: text, Why: why})
}

func (r *rule) isConst(e ast.Expr) bool { return r.info.Types[e].Value != nil }

func (r *rule) isFloat(e ast.Expr) bool {
	if id, ok := e.(*ast.Ident); ok && r.info.Types[e].Type == nil {
		obj := r.info.Uses[id]
		return obj != nil && floating(obj.Type())
	}
	return floating(r.info.Types[e].Type)
}

// exact tells whether one of the factors is a constant power of two.
func (r *rule) exact(factors ...ast.Expr) bool {
	for _, e := range factors {
		v := r.info.Types[e].Value
		if v == nil {
			continue
		}
		f, _ := constant.Float64Val(v)
		if frac, _ := math.Frexp(math.Abs(f)); frac == 0.5 {
			return true
		}
	}
	return false
}

// floating tells whether values of type t are, or may be, floats.
func floating(t types.Type) bool {
	if t == nil {
		return false
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&(types.IsFloat|types.IsComplex) != 0
	case *types.Interface: // of a type parameter
		if _, ok := t.(*types.TypeParam); !ok {
			return false
		}
		for i := range u.NumEmbeddeds() {
			if union, ok := u.EmbeddedType(i).Underlying().(*types.Union); ok {
				for j := range union.Len() {
					if floating(union.Term(j).Type()) {
						return true
					}
				}
			} else if floating(u.EmbeddedType(i)) {
				return true
			}
		}
	}
	return false
}

// bare strips parentheses and signs.
func bare(e ast.Expr) ast.Expr {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.UnaryExpr:
			if x.Op != token.SUB && x.Op != token.ADD {
				return e
			}
			e = x.X
		default:
			return e
		}
	}
}
