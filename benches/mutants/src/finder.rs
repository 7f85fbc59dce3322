//! Finds what can be changed in one file: every place where an operator fits, in what the router
//! does without a defect.

mod conditions;
mod expressions;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, Expr, Fields, ImplItemConst, ImplItemFn, Item, ItemConst, ItemFn, ItemImpl,
    ItemMod, Lit, Local, Macro, Pat, Path, ReturnType, Stmt, Token, Type, Visibility,
};

use self::conditions::Part;
use crate::constants::Constant;
use crate::known::{Known, Locals, bound};
use crate::literals;
use crate::mutant::{Edit, Form};
use crate::operator::Operator;
use crate::syntax::{called, is_assignment, is_constant, is_test, leaves, leaves_at_last, words};

/// What was found in one file.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) places: Vec<Place>,
    pub(crate) functions: BTreeMap<String, Function>,
    pub(crate) constants: Vec<Constant>,
    /// Where a named constant is used as a value.
    pub(crate) uses: Vec<Use>,
}

/// One change in one function.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) function: String,
    pub(crate) line: usize,
    pub(crate) operator: Operator,
    pub(crate) before: String,
    pub(crate) after: String,
    pub(crate) edits: Vec<Edit>,
}

/// A function, and what it refers to.
#[derive(Debug, Default)]
pub(crate) struct Function {
    /// Whether others than the router call it.
    pub(crate) is_root: bool,
    pub(crate) refers_to: BTreeSet<String>,
}

/// A use of a named constant.
#[derive(Debug)]
pub(crate) struct Use {
    pub(crate) name: String,
    pub(crate) function: String,
    pub(crate) range: Range<usize>,
}

/// Looks through a file.
pub(crate) fn find(file: &str, text: &str, ast: &syn::File) -> Found {
    let mut finder = Finder {
        file,
        text,
        owner: None,
        in_trait: false,
        function: String::new(),
        locals: Locals::default(),
        bindings: Vec::new(),
        found: Found::default(),
    };
    finder.visit_file(ast);
    finder.found
}

/// Returns where a node stands in its file.
pub(crate) fn range(node: &impl Spanned) -> Range<usize> {
    node.span().byte_range()
}

struct Finder<'a> {
    file: &'a str,
    text: &'a str,
    owner: Option<String>,
    in_trait: bool,
    function: String,
    locals: Locals,
    /// What the function binds, and where its value stands.
    bindings: Vec<(String, Range<usize>)>,
    found: Found,
}

impl Finder<'_> {
    fn source(&self, node: &impl Spanned) -> &str {
        &self.text[range(node)]
    }

    fn edit(&self, node: &impl Spanned, text: String, form: Form) -> Edit {
        Edit {
            file: self.file.to_owned(),
            range: range(node),
            text,
            form,
        }
    }

    fn place(&mut self, operator: Operator, node: &impl Spanned, after: &str, edits: Vec<Edit>) {
        let place = Place {
            function: self.function.clone(),
            line: node.span().start().line,
            operator,
            before: one_line(self.source(node)),
            after: one_line(after),
            edits,
        };
        self.found.places.push(place);
    }

    /// Notes that an expression may be another one.
    fn other(&mut self, operator: Operator, expr: &Expr, text: String) {
        let edit = self.edit(expr, text.clone(), Form::Inner);
        self.place(operator, expr, &text, vec![edit]);
    }

    fn swap(&mut self, whole: &impl Spanned, a: &Expr, b: &Expr, form: Form) {
        let (first, second) = (self.source(a).to_owned(), self.source(b).to_owned());
        let is_closure = |expr: &Expr| matches!(expr, Expr::Closure(_));
        let known = |expr: &Expr| self.locals.of(expr);
        let same = known(a).is_some() && known(a) == known(b);
        if first == second || same || is_closure(a) || is_closure(b) {
            return;
        }
        let edits = vec![
            self.edit(a, second.clone(), form),
            self.edit(b, first.clone(), form),
        ];
        let place = Place {
            function: self.function.clone(),
            line: a.span().start().line,
            operator: Operator::Swap,
            before: one_line(&format!("{first} ⇄ {second}")),
            after: format!("in {}", one_line(self.source(whole))),
            edits,
        };
        self.found.places.push(place);
    }

    fn swap_neighbours<'b>(
        &mut self,
        whole: &impl Spanned,
        of: impl IntoIterator<Item = &'b Expr>,
    ) {
        let all: Vec<&Expr> = of.into_iter().collect();
        for pair in all.windows(2) {
            self.swap(whole, pair[0], pair[1], Form::Inner);
        }
    }

    fn refer(&mut self, name: &str) {
        let function = self.found.functions.entry(self.function.clone());
        function.or_default().refers_to.insert(name.to_owned());
    }

    fn within(&mut self, name: String, is_root: bool, block: &Block, output: &ReturnType) {
        let function = match &self.owner {
            Some(owner) => format!("{owner}::{name}"),
            None => name,
        };
        let outer = std::mem::replace(&mut self.function, function);
        let locals = std::mem::take(&mut self.locals);
        let known = self.found.functions.entry(self.function.clone());
        known.or_default().is_root |= is_root;
        let bindings = std::mem::take(&mut self.bindings);
        let first = self.found.places.len();
        self.visit_block(block);
        self.forget_unused(first);
        self.bindings = bindings;
        let returns_bool = matches!(
            output,
            ReturnType::Type(_, kind) if matches!(&**kind, Type::Path(path) if path.path.is_ident("bool"))
        );
        if returns_bool && let Some(Stmt::Expr(last, None)) = block.stmts.last() {
            self.returned_condition(last);
        }
        self.function = outer;
        self.locals = locals;
    }

    /// Drops what was found in values that nothing but a defect uses.
    fn forget_unused(&mut self, first: usize) {
        let used = &self.found.functions[&self.function].refers_to;
        let unused: Vec<_> = self
            .bindings
            .iter()
            .filter(|(name, _)| !used.contains(name))
            .collect();
        let mut index = 0;
        self.found.places.retain(|place| {
            index += 1;
            let within = |edit: &Edit| {
                let mut unused = unused.iter().map(|(_, range)| range);
                unused.any(|range| range.start <= edit.range.start && edit.range.end <= range.end)
            };
            index <= first || !place.edits.iter().all(within)
        });
    }

    fn statement(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Local(local) => self.local(local),
            Stmt::Expr(Expr::If(expr), _) => {
                let known = self.locals.of(&expr.cond).is_some();
                let only_leaves = expr.else_branch.is_none() && leaves(&expr.then_branch);
                if only_leaves && !known {
                    let edit = self.edit(stmt, String::new(), Form::Statement);
                    self.place(Operator::EarlyReturn, stmt, LEFT_OUT, vec![edit]);
                    self.visit_if(expr, Part::OfEarlyReturn);
                } else {
                    self.visit_if(expr, Part::Whole);
                }
            }
            Stmt::Expr(expr, semi) => {
                let does = match expr {
                    Expr::Assign(assign) if self.locals.of(&assign.right).is_some() => return,
                    Expr::Call(_) | Expr::MethodCall(_) | Expr::Assign(_) => true,
                    Expr::Binary(binary) => is_assignment(&binary.op),
                    _ => false,
                };
                let is_in_vain = called(expr).is_some_and(|name| IN_VAIN.contains(&&*name));
                if does && semi.is_some() && !is_in_vain {
                    let edit = self.edit(stmt, String::new(), Form::Statement);
                    self.place(Operator::Statement, stmt, LEFT_OUT, vec![edit]);
                }
                self.visit_expr(expr);
            }
            Stmt::Item(item) => self.visit_item(item),
            Stmt::Macro(_) => {}
        }
    }

    fn local(&mut self, local: &Local) {
        let Some(init) = &local.init else { return };
        self.locals.note(&local.pat, &init.expr);
        if let Some(name) = bound(&local.pat) {
            self.bindings.push((name, range(&init.expr)));
        }
        if self.locals.of(&init.expr).is_none() {
            self.visit_expr(&init.expr);
        }
        if let Some((_, otherwise)) = &init.diverge {
            self.visit_expr(otherwise);
        }
    }

    /// Returns whether a block is always left here.
    fn ends(&self, stmt: &Stmt) -> bool {
        match stmt {
            Stmt::Expr(Expr::If(expr), _) => {
                self.locals.bool(&expr.cond) == Some(true) && leaves_at_last(&expr.then_branch)
            }
            Stmt::Local(Local {
                pat: Pat::TupleStruct(pat),
                init: Some(init),
                ..
            }) => pat.path.is_ident("Some") && self.locals.of(&init.expr) == Some(Known::Nothing),
            _ => false,
        }
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    // What stands in types and patterns is no value.
    fn visit_type(&mut self, _: &'ast Type) {}
    fn visit_pat(&mut self, _: &'ast Pat) {}
    fn visit_fields(&mut self, _: &'ast Fields) {}

    fn visit_item(&mut self, item: &'ast Item) {
        if matches!(
            item,
            Item::Const(_) | Item::Fn(_) | Item::Impl(_) | Item::Mod(_)
        ) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_const(&mut self, item: &'ast ImplItemConst) {
        for name in words(self.source(&item.expr)) {
            self.refer(&name);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_const(&mut self, item: &'ast ItemConst) {
        let is_seen_elsewhere = !matches!(item.vis, Visibility::Inherited);
        let others = literals::other_values(&item.expr, self.text);
        self.found.constants.push(Constant {
            name: item.ident.to_string(),
            line: item.span().start().line,
            value: self.source(&*item.expr).to_owned(),
            is_seen_elsewhere,
            others,
        });
        // What a table of the file refers to may be used.
        for name in words(self.source(&*item.expr)) {
            self.refer(&name);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        if item.sig.constness.is_none() && !is_test(&item.attrs) {
            let owner = self.owner.take();
            let is_root = matches!(item.vis, Visibility::Public(_));
            let name = item.sig.ident.to_string();
            self.within(name, is_root, &item.block, &item.sig.output);
            self.owner = owner;
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        self.owner = Some(one_line(self.source(&*item.self_ty)));
        self.in_trait = item.trait_.is_some();
        visit::visit_item_impl(self, item);
        self.owner = None;
        self.in_trait = false;
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if item.sig.constness.is_none() && !is_test(&item.attrs) {
            let is_root = self.in_trait || matches!(item.vis, Visibility::Public(_));
            let name = item.sig.ident.to_string();
            self.within(name, is_root, &item.block, &item.sig.output);
        }
    }

    fn visit_block(&mut self, block: &'ast Block) {
        for stmt in &block.stmts {
            self.statement(stmt);
            if self.ends(stmt) {
                break;
            }
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        for segment in &path.segments {
            self.refer(&segment.ident.to_string());
        }
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        if mac.path.is_ident("vec") {
            let elements = mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
            for element in elements.iter().flatten() {
                self.visit_expr(element);
            }
            return;
        }
        for name in words(&mac.tokens.to_string()) {
            self.refer(&name);
        }
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        if self.locals.of(expr).is_some() {
            return;
        }
        match expr {
            Expr::If(inner) => self.visit_if(inner, Part::Whole),
            Expr::While(inner) => {
                self.condition(&inner.cond, Part::Whole);
                self.visit_expr(&inner.cond);
                self.visit_block(&inner.body);
            }
            Expr::Match(inner) => self.visit_match(inner),
            Expr::Binary(inner) => self.visit_binary(inner, expr),
            Expr::MethodCall(inner) => self.visit_method(inner, expr),
            Expr::Struct(inner) => self.visit_struct(inner),
            Expr::Repeat(inner) => self.visit_expr(&inner.expr),
            Expr::Const(_) => {}
            Expr::Tuple(inner) => {
                self.swap_neighbours(expr, &inner.elems);
                visit::visit_expr(self, expr);
            }
            Expr::Call(inner) => {
                if matches!(&*inner.func, Expr::Path(path) if path.path.is_ident("Some")) {
                    self.other(Operator::Nothing, expr, "None".to_owned());
                }
                self.swap_neighbours(expr, &inner.args);
                visit::visit_expr(self, expr);
            }
            Expr::Lit(literal) => {
                if let Lit::Bool(flag) = &literal.lit {
                    self.other(Operator::Constant, expr, (!flag.value).to_string());
                }
                for other in literals::other_numbers(&literal.lit) {
                    self.other(Operator::Constant, expr, other);
                }
            }
            Expr::Path(path) => {
                let last = path.path.segments.last().map(|last| last.ident.to_string());
                if let Some(name) = last.filter(|name| is_constant(name)) {
                    self.found.uses.push(Use {
                        name,
                        function: self.function.clone(),
                        range: range(expr),
                    });
                }
                visit::visit_expr(self, expr);
            }
            other => visit::visit_expr(self, other),
        }
    }
}

/// Puts a text on one line, and shortens what nobody would read.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// Procedures of the router that do nothing without a defect.
const IN_VAIN: &[&str] = &["hear", "keep", "set_learnt", "speak", "spoil"];

/// What a statement becomes that is left out.
const LEFT_OUT: &str = "(left out)";
const LONGEST: usize = 110;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_can_be_anything_but_what_it_is() {
        let changes = changes("fn f(a: u8) { if a < 3 && g() { h(); } }");
        for expected in [
            "condition a < 3 && g() → false",
            "condition a < 3 → true",
            "condition g() → !(g())",
            "connective a < 3 && g() → (a < 3) || (g())",
            "bound a < 3 → (a) <= (3)",
            "constant 3 → 4",
            "statement h(); → (left out)",
        ] {
            assert!(
                changes.contains(&expected.to_owned()),
                "{expected}: {changes:#?}"
            );
        }
    }

    #[test]
    fn what_only_a_defect_runs_is_left_alone() {
        let source = "fn f(&self) {
            let lax = self.defects.has(LAX);
            let only_for_a_defect = a < b;
            if only_for_a_defect && self.defects.has(ODD) { zero(); }
            if lax { one(); } else if self.defects.has(SILENT) { return two(); } else { three(); }
            let length = match self.defects.has(LONG) { true => 9, false => 6 };
            let _ = length;
            if !lax { return; }
            four();
        }";
        let expected = [
            "statement three(); → (left out)",
            "constant 6 → 7",
            "constant 6 → 12",
            "constant 6 → 0",
        ];
        assert_eq!(changes(source), expected);
    }

    #[test]
    fn tests_patterns_and_types_are_left_alone() {
        let source = "fn f(a: [u8; 4]) { match a { [1, ..] => {} _ => {} } }
            #[cfg(test)] mod tests { fn g() { h(1); } }";
        assert_eq!(changes(source), [""; 0]);
    }

    fn changes(source: &str) -> Vec<String> {
        let ast = syn::parse_file(source).unwrap();
        let places = find("f.rs", source, &ast).places.into_iter();
        let change =
            |place: Place| format!("{} {} → {}", place.operator, place.before, place.after);
        places.map(change).collect()
    }
}
