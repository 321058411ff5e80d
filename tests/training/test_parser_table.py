"""The table of the Nano's operators is made of what its parser's source and page agree on."""
from engines.training import parser_table

SOURCE = """#define DEFINE_BUILTIN_OP_IMPORTER(op) \\
    NodeImportResult import##op
DEFINE_BUILTIN_OP_IMPORTER(Abs)
{
DEFINE_BUILTIN_OP_IMPORTER(TRT_Conv)
DEFINE_BUILTIN_OP_IMPORTER(FallbackPluginImporter)
DEFINE_BUILTIN_OP_IMPORTER(Reciprocal)
"""
PAGE = """| Operator | Supported  | Supported Types | Restrictions |
|----|----|----|----|
| Abs                       | Y          | FP32, FP16, INT32 |
| Conv                      | Y          | FP32, FP16, INT8 | 2D or 3D only
| Det                       | N          |
"""


def test_the_source_names_what_is_imported():
    assert parser_table.imported(SOURCE) == {"Abs", "Reciprocal"}


def test_the_page_names_what_is_supported_with_its_types():
    assert parser_table.documented(PAGE) == {"Abs": ["FP32", "FP16", "INT32"],
                                             "Conv": ["FP32", "FP16", "INT8"]}


def test_the_table_has_what_both_name_and_tells_the_rest(monkeypatch):
    texts = {"builtin_op_importers.cpp": SOURCE, "docs/operators.md": PAGE}
    monkeypatch.setattr(parser_table, "show", lambda clone, path: texts[path])
    monkeypatch.setattr(parser_table, "commit", lambda clone: "85e79f629fb5")
    lines = parser_table.table("clone").splitlines()
    assert lines[-1] == "Abs FP32 FP16 INT32"
    assert lines[-2] == "# In one of the two alone: Conv Reciprocal"
