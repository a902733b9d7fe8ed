//! Markdown to HTML.

use super::super::{markdown::Markdown, source::Source};

/// The HTML, and the mistakes as `line: message`.
fn render(markdown: &str) -> (String, Vec<String>) {
    let source = Source::new("x.md".into(), String::new());
    let html = Markdown::new(&source, "images").blocks(markdown, 1);
    let mistakes = source.into_mistakes().into_iter().map(|mistake| mistake.to_string().replace("x.md:", "")).collect();
    (html, mistakes)
}

#[track_caller]
fn renders(markdown: &str, html: &str) {
    assert_eq!(render(markdown), (html.to_owned(), Vec::new()));
}

#[track_caller]
fn refuses(markdown: &str, mistake: &str) {
    assert_eq!(render(markdown).1, [mistake]);
}

#[test]
fn each_command_of_a_run_fence_has_its_button() {
    renders(
        "```run\ndocker pull nginx\n\n# Then this.\ndocker run \\\n  -d nginx\n```\n",
        "<div class=\"command\"><code>docker pull nginx</code>\
         <button type=\"button\" data-run=\"docker pull nginx\" aria-label=\"Run: docker pull nginx\">Run</button></div>\n\
         <div class=\"command\"><code>docker run <span class=\"option\">-d</span> nginx</code>\
         <button type=\"button\" data-run=\"docker run -d nginx\" aria-label=\"Run: docker run -d nginx\">Run</button></div>\n",
    );
}

#[test]
fn a_command_is_escaped_in_text_and_attribute() {
    renders(
        "```run\necho \"<&>\" 'x'\n```\n",
        "<div class=\"command\"><code>echo &quot;&lt;&amp;&gt;&quot; &#39;x&#39;</code>\
         <button type=\"button\" data-run=\"echo &quot;&lt;&amp;&gt;&quot; &#39;x&#39;\" \
         aria-label=\"Run: echo &quot;&lt;&amp;&gt;&quot; &#39;x&#39;\">Run</button></div>\n",
    );
}

#[test]
fn no_line_ends_within_an_option() {
    renders("`docker rm -f web`\n", "<p><code>docker rm <span class=\"option\">-f</span> web</code></p>\n");
    let long = "-".repeat(25);
    renders(&format!("`<a-b> {long}`\n"), &format!("<p><code>&lt;a-b&gt; {long}</code></p>\n"));
}

#[test]
fn other_fences_are_shown_as_they_are() {
    renders("```dockerfile\nFROM alpine\nRUN a && b\n```\n", "<pre><code>FROM alpine\nRUN a &amp;&amp; b\n</code></pre>\n");
    refuses("text\n\n```rnu\nls\n```\n", "3: no fence is called `rnu`; did you mean `run`?");
    refuses("```haskell\nls\n```\n", "1: no fence is called `haskell`; there are run, text, console, dockerfile, json, sh");
    refuses("```run\n# nothing\n```\n", "1: there is no command in this `run` fence");
}

#[test]
fn headings_begin_below_the_steps_title() {
    renders("## Open it\n", "<h2>Open it</h2>\n");
    refuses("# Open it\n", "1: the step's title is its first heading; begin with ## in the text");
}

#[test]
fn html_of_the_authors_own_is_refused_and_harmless() {
    for html in ["<script>alert(1)</script>\n", "a <img src=x onerror=alert(1)> b\n", "<!-- x -->\n"] {
        let (rendered, mistakes) = render(html);
        assert!(!rendered.contains("<script") && !rendered.contains("<img") && !rendered.contains("<!--"), "{rendered}");
        assert!(!mistakes.is_empty() && mistakes.iter().all(|mistake| mistake.starts_with("1: HTML is not allowed")), "{mistakes:?}");
    }
}

#[test]
fn links_lead_to_the_web_and_to_steps_only() {
    renders(
        "[a](https://docs.docker.com/?a&b)",
        "<p><a href=\"https://docs.docker.com/?a&amp;b\" target=\"_blank\" rel=\"noopener\">a</a></p>\n",
    );
    renders("[a](list-images)", "<p><a href=\"/lessons/images/list-images\">a</a></p>\n");
    renders("[a](/lessons/volumes/make-one)", "<p><a href=\"/lessons/volumes/make-one\">a</a></p>\n");
    refuses("[a](javascript:alert(1))", "1: a link can't lead to javascript:alert(1): only http, https, and steps of lessons");
    for nowhere in ["/api/fn/x", "../x", "//evil.example/x", "#part", "/lessons/a/b/c"] {
        let (html, mistakes) = render(&format!("[a]({nowhere})"));
        assert!(!html.contains("href"), "{html}");
        assert!(mistakes.len() == 1 && mistakes[0].contains(" leads nowhere: "), "{mistakes:?}");
    }
}

#[test]
fn pictures_are_left_to_the_interactive_pieces() {
    let (html, mistakes) = render("![alt](x.png)");
    assert_eq!(html, "<p>alt</p>\n");
    assert_eq!(mistakes, ["1: a lesson has no pictures of its own; let an interactive piece draw it"]);
}

#[test]
fn a_piece_becomes_a_place_for_the_page_to_fill() {
    renders("{{sizes ubuntu alpine}}", "<div data-piece=\"sizes\" data-names=\"ubuntu alpine\"></div>\n");
    renders("Look:\n\n{{diagram}}\n\nthere", "<p>Look:</p>\n<div data-piece=\"diagram\" data-names=\"\"></div>\n<p>there</p>\n");
}

#[test]
fn a_piece_that_there_is_none_of_is_a_mistake() {
    refuses("{{size ubuntu}}", "1: no interactive piece is called `size`; did you mean `sizes`?");
    refuses("{{film}}", "1: no interactive piece is called `film`; there are diagram, image-name, layers, sizes");
    refuses("{{diagram nginx}}", "1: the piece `diagram` takes no images, and 1 are given");
    refuses("{{layers}}", "1: the piece `layers` takes 1 to 8 images, and 0 are given");
    refuses("a\n\n- {{diagram}}\n", "3: an interactive piece stands on a line of its own, outside any list or quote");
    refuses("see {{diagram}} here", "1: an interactive piece stands on a line of its own, outside any list or quote");
}

#[test]
fn notes_tables_and_emphasis_are_there() {
    renders("> [!TIP]\n> *Do* it.\n", "<blockquote class=\"tip\">\n<p><em>Do</em> it.</p>\n</blockquote>\n");
    let (html, mistakes) = render("| a | b |\n|---|---|\n| 1 | 2 |\n");
    assert!(html.contains("<table>") && html.contains("<td>2</td>") && mistakes.is_empty(), "{html} {mistakes:?}");
}

#[test]
fn what_will_not_stay_true_is_warned_of() {
    for (text, found) in [
        ("It has 212 MB.", "a size (212 MB)"),
        ("Only 7.8MB!", "a size (7.8MB)"),
        ("It is nginx 1.27.3 now", "a version (1.27.3)"),
        ("Look at v2.1", "a version (v2.1)"),
        ("It has seven layers", "a count of layers (seven layers)"),
        ("the 7 layers", "a count of layers (7 layers)"),
    ] {
        let mistakes = render(text).1;
        assert!(mistakes.len() == 1 && mistakes[0].starts_with(&format!("1: warning: the text names {found}")), "{text}: {mistakes:?}");
    }
    for fine in ["`212MB` and `1.2.3` in code", "port 8080, 80/tcp", "127.0.0.1", "one layer more", "two images", "2 cores", "HTTP 200."] {
        assert_eq!(render(fine).1, [""; 0], "{fine}");
    }
}
