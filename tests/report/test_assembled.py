import base64
import subprocess

import pytest

from difficulty_lib.page import assembled, hash_of


def test_a_pages_own_piece_comes_before_the_shared_one(tmp_path):
    (tmp_path / "page.js").write_text("let a;\n  // {{ own.js }}\n// {{ dom.js }}\n")
    (tmp_path / "own.js").write_text("let b; // {{ dom.js }}\n")
    text = assembled(tmp_path / "page.js")
    assert text.startswith("let a;\nlet b; // {{ dom.js }}\n  const $ = ")
    (tmp_path / "dom.js").write_text("let c;\n")
    assert assembled(tmp_path / "page.js") == "let a;\nlet b; // {{ dom.js }}\nlet c;\n"


def test_a_style_goes_on_from_the_shared_one_of_its_name(tmp_path):
    (tmp_path / "base.css").write_text("/* {{ base.css }} */\np { margin: 0; }\n")
    text = assembled(tmp_path / "base.css")
    assert text.startswith("* { box-sizing")
    assert text.endswith("}\np { margin: 0; }\n")


def test_a_missing_piece_is_not_passed_over(tmp_path):
    (tmp_path / "page.js").write_text("// {{ nowhere.js }}\n")
    with pytest.raises(FileNotFoundError, match=r"nowhere\.js"):
        assembled(tmp_path / "page.js")


def test_the_hash_is_the_policys(tmp_path):
    digest = subprocess.run(["sha256sum"], input=b"let a;", capture_output=True, check=True).stdout
    wanted = base64.b64encode(bytes.fromhex(digest.split()[0].decode())).decode()
    assert hash_of("let a;") == f"sha256-{wanted}"
